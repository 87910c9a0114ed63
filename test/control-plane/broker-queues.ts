// Looks into the broker's queues as an operator would.
import {
  deadLetterQueue,
  deadLetterReasonHeader,
  hostQueue,
} from "@manman/contract/bus/topology.ts";
import { connect } from "amqplib";

export type QueuedMessage = {
  readonly routingKey: string;
  readonly body: string;
  /** Why a dead letter is one; empty otherwise. */
  readonly reason: string;
};

/** Takes all messages out of a host's queue. */
export async function takenFromHost(
  brokerUrl: string,
  serverId: bigint,
): Promise<readonly QueuedMessage[]> {
  return await takeAll(brokerUrl, hostQueue(serverId).name);
}

/** Takes all dead letters. */
export async function takenDeadLetters(brokerUrl: string): Promise<readonly QueuedMessage[]> {
  return await takeAll(brokerUrl, deadLetterQueue.name);
}

async function takeAll(brokerUrl: string, queue: string): Promise<readonly QueuedMessage[]> {
  const connection = await connect(brokerUrl);
  try {
    const channel = await connection.createChannel();
    const taken: QueuedMessage[] = [];
    for (;;) {
      const message = await channel.get(queue, { noAck: true });
      if (message === false) return taken;
      taken.push({
        routingKey: message.fields.routingKey,
        body: message.content.toString(),
        reason: String(message.properties.headers?.[deadLetterReasonHeader] ?? ""),
      });
    }
  } finally {
    await connection.close();
  }
}
