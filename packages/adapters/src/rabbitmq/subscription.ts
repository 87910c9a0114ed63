// One subscription to a queue, from its channel's opening to its end. Each message is let go of only after its verdict; one that
// has none by then goes back to the queue with the channel.
import { setMaxListeners } from "node:events";
import type { Queue } from "@manman/contract/bus/topology.ts";
import { backoffMs } from "@manman/core/backoff.ts";
import { Fault } from "@manman/core/fault.ts";
import type { Delivery } from "@manman/core/ports.ts";
import {
  IllegalOperationError,
  type Channel,
  type ChannelModel,
  type ConsumeMessage,
} from "amqplib";
import { handleDelivery, pause, type Handling } from "../deliveries/handle-delivery.ts";
import type { LetterToKeep } from "./dead-letters.ts";
import { messageIdOf } from "./message-id.ts";
import type { RabbitLimits } from "./rabbit-limits.ts";
import { declareQueue } from "./topology.ts";
import { atMost, within } from "../deliveries/within.ts";

export type Subscription = {
  readonly queue: Queue;
  readonly prefetch: number;
  readonly handling: Handling;
  /** Resolves once the dead letter is safe. */
  readonly deadLetter: (letter: LetterToKeep) => Promise<void>;
  readonly limits: RabbitLimits;
};

/** What a message needs of the subscription that it came by. */
type Present = Subscription & {
  readonly channel: Channel;
  /** No more waiting: the subscription is over, or about to be. */
  readonly letGo: AbortSignal;
  /** Ends the subscription. */
  readonly end: (why: Error) => void;
};

/** Resolves with the reason once the subscription has ended, whoever ended it. Rejects when it could not begin. */
export async function subscribe(
  connection: ChannelModel,
  subscription: Subscription,
  closing: AbortSignal,
  onBegun: () => void,
): Promise<Error> {
  const { limits, queue } = subscription;
  const late = (): Fault => new Fault("away", `consume ${queue.name}: the broker does not answer`);
  const channel = await within(limits.answerMs, connection.createChannel(), late);
  const { promise: ended, resolve: end } = Promise.withResolvers<Error>();
  channel.on("error", end);
  channel.on("close", () => end(new Error("the channel was closed")));
  const close = (): void => end(new Error("closed by us"));
  closing.addEventListener("abort", close);
  if (closing.aborted) close();

  const letGo = new AbortController();
  // Each message in hand listens.
  setMaxListeners(0, letGo.signal);
  const present = { ...subscription, channel, letGo: letGo.signal, end };
  const inHand = new Set<Promise<void>>();
  try {
    const beginning = begin(present, inHand);
    const consumerTag = await within(limits.answerMs, beginning, late);
    onBegun();
    const why = await ended;
    await atMost(limits.answerMs, channel.cancel(consumerTag));
    return why;
  } finally {
    closing.removeEventListener("abort", close);
    letGo.abort();
    const graceMs = closing.aborted ? limits.closeMs : limits.lostHandlerMs;
    await atMost(graceMs, Promise.allSettled(inHand));
    await atMost(limits.closeMs, closeChannel(channel));
  }
}

/** The tag of the consumer, which takes messages from now on. */
async function begin(present: Present, inHand: Set<Promise<void>>): Promise<string> {
  const { channel, queue } = present;
  await declareQueue(channel, queue);
  await channel.prefetch(present.prefetch);
  const { consumerTag } = await channel.consume(queue.name, (message) => {
    // The broker has cancelled the consumer: the queue was deleted, or a message was held for too long.
    if (message === null) present.end(new Error("the broker cancelled the consumer"));
    if (message === null || present.letGo.aborted) return;
    const work = workOn(message, present).finally(() => inHand.delete(work));
    inHand.add(work);
  });
  return consumerTag;
}

async function workOn(message: ConsumeMessage, present: Present): Promise<void> {
  const { handling, letGo, limits, queue } = present;
  const delivery = deliveryOf(message);
  // The broker takes a message back by force after a while, and its channel with it; better before, and by ourselves.
  const holding = setTimeout(() => {
    present.end(new Error(`message ${delivery.messageId} was held for too long`));
  }, limits.holdMs);
  try {
    const verdict = await handleDelivery(handling, delivery, letGo);
    if (verdict === null) return;
    if (verdict.kind === "dead-letter") {
      const { routingKey, messageId } = delivery;
      const { reason } = verdict;
      const letter = { queue: queue.name, routingKey, messageId, body: message.content, reason };
      if (!(await giveUp(letter, present))) return;
    }
    acknowledge(present.channel, message);
  } finally {
    clearTimeout(holding);
  }
}

/** Whether the dead letter is safe; it is tried until the subscription ends. */
async function giveUp(letter: LetterToKeep, present: Present): Promise<boolean> {
  const { handling, letGo } = present;
  for (let tries = 1; ; tries += 1) {
    try {
      await present.deadLetter(letter);
      return true;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
    }
    if (!(await pause(backoffMs(tries, handling.backoff, handling.random()), letGo))) return false;
  }
}

/** On a channel that is gone there is nothing to acknowledge any more: the message comes again. */
function acknowledge(channel: Channel, message: ConsumeMessage): void {
  try {
    channel.ack(message);
  } catch (error) {
    if (!(error instanceof IllegalOperationError)) throw error;
  }
}

async function closeChannel(channel: Channel): Promise<void> {
  await channel.close();
}

function deliveryOf(message: ConsumeMessage): Delivery {
  const { content: body, fields } = message;
  return { routingKey: fields.routingKey, messageId: messageIdOf(message), body };
}
