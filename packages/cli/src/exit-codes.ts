// What each exit code means: the one table that scripts rely on.
import { status } from "@grpc/grpc-js";
import type { FaultKind } from "@manman/archive/archive-fault.ts";

export const exitCodes = {
  ok: { code: 0, meaning: "done" },
  failed: {
    code: 1,
    meaning:
      "the backup or session ended badly, there is no room, or something unforeseen happened",
  },
  usage: { code: 2, meaning: "the command line or an argument is wrong" },
  notFound: { code: 3, meaning: "there is no such record, archive, or path in an archive" },
  refused: {
    code: 4,
    meaning: "its state does not allow it, another operation is under way, or access was refused",
  },
  unavailable: {
    code: 5,
    meaning: "the control plane, the store, or something that they need, does not answer",
  },
  denied: { code: 6, meaning: "the token is missing or wrong" },
  timeout: { code: 7, meaning: "--timeout ran out while waiting; the work goes on" },
  damaged: { code: 8, meaning: "an archive or its manifest is damaged, or is none" },
  interrupted: { code: 130, meaning: "Ctrl-C; what the control plane was asked for goes on" },
} as const satisfies Record<string, { code: number; meaning: string }>;

export type ExitReason = keyof typeof exitCodes;

const reasons: Partial<Record<status, ExitReason>> = {
  [status.INVALID_ARGUMENT]: "usage",
  [status.NOT_FOUND]: "notFound",
  [status.FAILED_PRECONDITION]: "refused",
  [status.ALREADY_EXISTS]: "refused",
  [status.UNAVAILABLE]: "unavailable",
  [status.DEADLINE_EXCEEDED]: "unavailable",
  [status.RESOURCE_EXHAUSTED]: "unavailable",
  [status.UNAUTHENTICATED]: "denied",
  [status.PERMISSION_DENIED]: "denied",
  [status.CANCELLED]: "interrupted",
};

export function exitReasonOf(code: status): ExitReason {
  return reasons[code] ?? "failed";
}

/** What the outside answered to a command that works without the control plane. */
export const reasonOfFault: Readonly<Record<FaultKind, ExitReason>> = {
  away: "unavailable",
  missing: "notFound",
  rejected: "refused",
  corrupt: "damaged",
  exhausted: "failed",
};

export function exitCodeHelp(): string {
  const lines = Object.values(exitCodes).map(
    ({ code, meaning }) => `  ${String(code).padStart(3)}  ${meaning}`,
  );
  return ["Exit codes:", ...lines].join("\n");
}
