// Declares the contract's exchanges and queues at the broker. Whoever uses one declares it first, so that it does not matter who
// comes first, or whether the broker has lost them.
import {
  deadLetterExchange,
  deadLetterQueue,
  exchange,
  reportsQueue,
  type Exchange,
  type Queue,
} from "@manman/contract/bus/topology.ts";
import { Fault } from "@manman/core/fault.ts";
import type { Channel } from "amqplib";
import { brokerFault, replyCodeOf } from "./broker-fault.ts";

/** What has to be there before anything is published or consumed. */
export async function declareTopology(channel: Channel): Promise<void> {
  await declareExchange(channel, exchange);
  await declareExchange(channel, deadLetterExchange);
  await declareQueue(channel, deadLetterQueue);
  await declareQueue(channel, reportsQueue);
}

/** Makes the queue with its bindings, unless it exists. */
export async function declareQueue(channel: Channel, queue: Queue): Promise<void> {
  await declare(`queue ${queue.name}`, async () => {
    await channel.assertQueue(queue.name, { durable: true, arguments: queue.arguments });
    for (const { exchange: source, pattern } of queue.bindings) {
      await channel.bindQueue(queue.name, source, pattern);
    }
  });
}

async function declareExchange(channel: Channel, { name, type }: Exchange): Promise<void> {
  await declare(`exchange ${name}`, async () => {
    await channel.assertExchange(name, type, { durable: true });
  });
}

/** 406 means that it exists and is another one: nothing that we do changes that. */
async function declare(what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (replyCodeOf(error) !== 406) throw brokerFault(`declare ${what}`, error);
    const advice = "it exists with other properties; delete it there (a queue once it is empty)";
    throw new Fault("rejected", `declare ${what}: ${advice}`, error);
  }
}
