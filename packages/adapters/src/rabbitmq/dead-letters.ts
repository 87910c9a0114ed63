// Sends what nobody can use to the dead-letter exchange, with why and from where, and only then lets go of it.
import {
  deadLetterExchange,
  deadLetterQueueHeader,
  deadLetterReasonHeader,
  deadLetterTimeHeader,
} from "@manman/contract/bus/topology.ts";
import { deadLetterReason } from "@manman/core/dead-letter.ts";
import { Fault } from "@manman/core/fault.ts";
import type { Publisher } from "./publisher.ts";

export type LetterToKeep = {
  readonly queue: string;
  readonly routingKey: string;
  readonly messageId: string;
  readonly body: Buffer;
  readonly reason: string;
};

/** Resolves once the dead letter is safe in its queue. */
export async function publishDeadLetter(
  publisher: Publisher,
  letter: LetterToKeep,
  nowMs: number,
): Promise<void> {
  const { queue, routingKey, messageId, body } = letter;
  const outcome = await publisher.send({
    exchange: deadLetterExchange.name,
    routingKey,
    messageId,
    body,
    headers: {
      [deadLetterReasonHeader]: deadLetterReason(letter.reason),
      [deadLetterQueueHeader]: queue,
      "x-manman-routing-key": routingKey,
      "x-manman-message-id": messageId,
      [deadLetterTimeHeader]: new Date(nowMs).toISOString(),
    },
  });
  if (outcome === "routed") return;
  throw new Fault("away", `dead letter ${messageId} of ${queue}: no queue takes it`);
}
