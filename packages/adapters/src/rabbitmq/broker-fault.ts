// Turns what the AMQP client throws into faults, by the broker's reply codes.
import { Fault, type FaultKind } from "@manman/core/fault.ts";

/** Everything else (connections forced shut, internal errors, broken sockets) may do better another time. */
const kindOfReply: Readonly<Record<number, FaultKind>> = {
  // Content too large.
  311: "rejected",
  // Access refused.
  403: "rejected",
  // Not found.
  404: "missing",
  // Resource locked.
  405: "rejected",
  // Precondition failed: it exists with other arguments.
  406: "rejected",
  // Not allowed.
  530: "rejected",
};

export function brokerFault(context: string, thrown: unknown): Fault {
  if (thrown instanceof Fault) return thrown;
  return new Fault(kindOfReply[replyCodeOf(thrown) ?? 0] ?? "away", context, thrown);
}

/** The broker's reply code, where the error carries one. */
export function replyCodeOf(thrown: unknown): number | null {
  const code = thrown instanceof Error && "code" in thrown ? thrown.code : null;
  return typeof code === "number" ? code : null;
}
