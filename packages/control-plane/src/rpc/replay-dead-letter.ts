// ReplayDeadLetter: sends a message again that nobody could use, once what was wrong is mended.
import type { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import { failedPrecondition, notFound } from "@manman/core/refusal.ts";
import { deadLetterIdOf, refusalFor } from "./request-checks.ts";
import type { Rpc } from "./rpc.ts";
import type { RpcNeeds } from "./rpc-needs.ts";

export function replayDeadLetter({
  bus,
  log,
}: Pick<RpcNeeds, "bus" | "log">): Rpc<typeof ManManAPI.method.replayDeadLetter> {
  return async ({ deadLetterId }) => {
    const refusal = refusalFor(deadLetterIdOf("dead_letter_id", deadLetterId));
    if (refusal !== null) return { refusal };
    const outcome = await bus.replayDeadLetter(deadLetterId);
    if (outcome === "missing") return { refusal: notFound("dead letter", deadLetterId) };
    if (outcome === "unroutable") {
      const why = `no queue takes dead letter ${deadLetterId}: is its host registered? It stays`;
      return { refusal: failedPrecondition(why) };
    }
    log.info({ dead_letter_id: deadLetterId }, "dead letter replayed");
    return { response: {} };
  };
}
