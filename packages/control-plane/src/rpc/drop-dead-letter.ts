// DropDeadLetter: removes a message for good that nobody could use.
import type { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import { notFound } from "@manman/core/refusal.ts";
import { deadLetterIdOf, refusalFor } from "./request-checks.ts";
import type { Rpc } from "./rpc.ts";
import type { RpcNeeds } from "./rpc-needs.ts";

export function dropDeadLetter({
  bus,
  log,
}: Pick<RpcNeeds, "bus" | "log">): Rpc<typeof ManManAPI.method.dropDeadLetter> {
  return async ({ deadLetterId }) => {
    const refusal = refusalFor(deadLetterIdOf("dead_letter_id", deadLetterId));
    if (refusal !== null) return { refusal };
    const outcome = await bus.dropDeadLetter(deadLetterId);
    if (outcome === "missing") return { refusal: notFound("dead letter", deadLetterId) };
    log.info({ dead_letter_id: deadLetterId }, "dead letter dropped");
    return { response: {} };
  };
}
