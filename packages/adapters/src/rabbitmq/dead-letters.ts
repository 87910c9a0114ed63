// Sends what nobody can use to the dead-letter exchange, with why and from where, and only then lets go of it.
import { deadLetterExchange, deadLetterReasonHeader } from "@manman/contract/bus/topology.ts";
import { Fault } from "@manman/core/fault.ts";
import type { Publisher } from "./publisher.ts";

const reasonCharsMax = 1_000;

export type DeadLetter = {
  readonly queue: string;
  readonly routingKey: string;
  readonly messageId: string;
  readonly body: Buffer;
  readonly reason: string;
};

/** Resolves once the dead letter is safe in its queue. */
export async function publishDeadLetter(
  publisher: Publisher,
  letter: DeadLetter,
  nowMs: number,
): Promise<void> {
  const { queue, routingKey, messageId, body } = letter;
  const outcome = await publisher.send({
    exchange: deadLetterExchange.name,
    routingKey,
    messageId,
    body,
    headers: {
      [deadLetterReasonHeader]: oneLine(letter.reason),
      "x-manman-queue": queue,
      "x-manman-routing-key": routingKey,
      "x-manman-message-id": messageId,
      "x-manman-time": new Date(nowMs).toISOString(),
    },
  });
  if (outcome === "routed") return;
  throw new Fault("away", `dead letter ${messageId} of ${queue}: no queue takes it`);
}

function oneLine(reason: string): string {
  return reason.replaceAll(/\s+/g, " ").slice(0, reasonCharsMax);
}
