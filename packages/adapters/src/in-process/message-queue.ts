// The messages of one queue inside this process, and whoever takes them. A message that leaves without a verdict goes back to its
// publisher, who still has it.
import { Fault } from "@manman/core/fault.ts";
import type { BusMessage, Delivery } from "@manman/core/ports.ts";
import { handleDelivery, type Handling } from "../deliveries/handle-delivery.ts";

export type MessageQueue = {
  readonly isConsumed: () => boolean;
  /** Messages that nobody has in hand. */
  readonly waiting: () => number;
  /** Resolves once the message has its verdict; throws `away` when it has none in time, or the queue is full. */
  readonly put: (message: BusMessage) => Promise<void>;
  /** Gives messages to the handler from now on, at most `prefetch` at a time. */
  readonly consume: (prefetch: number, handling: Handling) => QueueConsumer;
};

export type QueueConsumer = {
  /** No more messages; settles when those in hand have ended. */
  readonly stop: () => Promise<void>;
};

export type MessageQueueConfig = {
  readonly name: string;
  readonly messagesMax: number;
  /** A publisher hears of its message within so long. */
  readonly publishMs: number;
  /** Resolves once the dead letter is kept. */
  readonly deadLetter: (reason: string, message: BusMessage) => Promise<void>;
};

type Entry = {
  readonly message: BusMessage;
  /** The publisher waits no longer, or nobody is left to take the message. */
  readonly givenUp: AbortController;
  readonly outcome: PromiseWithResolvers<void>;
};

type Consumer = {
  readonly prefetch: number;
  readonly handling: Handling;
  readonly inHand: Map<Entry, Promise<void>>;
};

export function messageQueue(config: MessageQueueConfig): MessageQueue {
  const waiting = new Set<Entry>();
  const consumers = new Set<Consumer>();

  const hasPlace = (consumer: Consumer): boolean => consumer.inHand.size < consumer.prefetch;
  const handOut = (): void => {
    for (const entry of waiting) {
      const consumer = [...consumers].find(hasPlace);
      if (consumer === undefined) return;
      waiting.delete(entry);
      const work = workOn(entry, consumer.handling, config).finally(() => {
        consumer.inHand.delete(entry);
        handOut();
      });
      consumer.inHand.set(entry, work);
    }
  };
  const giveUp = (entry: Entry, why: string): void => {
    waiting.delete(entry);
    entry.givenUp.abort();
    entry.outcome.reject(new Fault("away", `message ${entry.message.messageId}: ${why}`));
  };

  return {
    isConsumed: () => consumers.size > 0,
    waiting: () => waiting.size,
    put: async (message) => {
      if (waiting.size >= config.messagesMax) {
        throw new Fault("away", `${config.name}: ${waiting.size} messages wait already`);
      }
      const givenUp = new AbortController();
      const entry: Entry = { message, givenUp, outcome: Promise.withResolvers<void>() };
      waiting.add(entry);
      // Not within the publisher's own call, which a handler must not hold up.
      setImmediate(handOut);
      const late = setTimeout(() => giveUp(entry, "not taken in time"), config.publishMs);
      try {
        await entry.outcome.promise;
      } finally {
        clearTimeout(late);
      }
    },
    consume: (prefetch, handling) => {
      const consumer: Consumer = { prefetch, handling, inHand: new Map() };
      consumers.add(consumer);
      return {
        stop: async () => {
          consumers.delete(consumer);
          for (const entry of consumer.inHand.keys()) entry.givenUp.abort();
          if (consumers.size === 0) {
            for (const entry of waiting) giveUp(entry, "nobody takes it any more");
          }
          await Promise.allSettled(consumer.inHand.values());
        },
      };
    },
  };
}

async function workOn(
  { message, givenUp, outcome }: Entry,
  handling: Handling,
  config: MessageQueueConfig,
): Promise<void> {
  const { routingKey, messageId } = message;
  const delivery: Delivery = { routingKey, messageId, body: Buffer.from(message.body) };
  try {
    const verdict = await handleDelivery(handling, delivery, givenUp.signal);
    if (verdict === null) {
      throw new Fault("away", `message ${messageId}: its handler could not take it`);
    }
    if (verdict.kind === "dead-letter") await config.deadLetter(verdict.reason, message);
    outcome.resolve();
  } catch (error) {
    outcome.reject(error);
  }
}
