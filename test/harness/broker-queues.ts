// Speaks to the broker past our programs: looks into its queues as an operator would, and publishes whatever a test wants.
import {
  deadLetterQueue,
  deadLetterReasonHeader,
  exchange,
  hostQueue,
} from "@manman/contract/bus/topology.ts";
import { connect } from "amqplib";

export type QueuedMessage = {
  readonly routingKey: string;
  readonly body: string;
  /** Why a dead letter is one; empty otherwise. */
  readonly reason: string;
};

/** Publishes any text under any key; returns once the broker has it. */
export async function publishRaw(
  brokerUrl: string,
  routingKey: string,
  body: string,
): Promise<void> {
  const connection = await connect(brokerUrl);
  try {
    const channel = await connection.createConfirmChannel();
    channel.publish(exchange.name, routingKey, Buffer.from(body), { persistent: true });
    await channel.waitForConfirms();
  } finally {
    await connection.close();
  }
}

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

/** Deletes a queue with what is in it. */
export async function removedQueue(brokerUrl: string, queue: string): Promise<void> {
  const connection = await connect(brokerUrl);
  try {
    const channel = await connection.createChannel();
    await channel.deleteQueue(queue);
  } finally {
    await connection.close();
  }
}
