// The bus inside one process, for standalone. Nothing is kept here that its publisher does not have too: a message counts as
// routed only once its handler has taken it on, so that a process killed at any moment loses none.
import { hostQueue, reportsQueue, type Queue } from "@manman/contract/bus/topology.ts";
import type { BackoffLimits } from "@manman/core/backoff.ts";
import { Fault } from "@manman/core/fault.ts";
import type { Bus, BusMessage } from "@manman/core/ports.ts";
import type { Handling } from "../deliveries/handle-delivery.ts";
import { tryCounts } from "../deliveries/try-counts.ts";
import { atMost } from "../deliveries/within.ts";
import { deadLetterList } from "./dead-letter-list.ts";
import { messageQueue, type MessageQueue, type QueueConsumer } from "./message-queue.ts";
import { matchesTopic } from "./topic-pattern.ts";

export type InProcessBusConfig = {
  /** Numbers in [0, 1), for the spread of waits. */
  readonly random: () => number;
  /** For the time in dead letters. */
  readonly nowMs: () => number;
  /** Told of each dead letter; when it throws, the message counts as not taken. */
  readonly onDeadLetter?: (reason: string, message: BusMessage) => void | Promise<void>;
};

export type InProcessLimits = {
  /** Messages that wait in one queue. */
  readonly queueMessagesMax: number;
  /** A publisher hears of its message within so long. */
  readonly publishMs: number;
  /** Between two tries of a handler at one message. */
  readonly redelivery: BackoffLimits;
  /** Messages whose vain tries are counted. */
  readonly countedMax: number;
  /** Dead letters that are kept in memory, `deadLettersSeenMax` at most; beyond them the oldest go. */
  readonly deadLettersMax: number;
  /** How long messages in hand may go on when the bus or a consumption is closed. */
  readonly closeMs: number;
};

export const defaultInProcessLimits: InProcessLimits = {
  queueMessagesMax: 1_000,
  publishMs: 10_000,
  redelivery: { firstMs: 200, mostMs: 10_000 },
  countedMax: 10_000,
  deadLettersMax: 1_000,
  closeMs: 5_000,
};

export function openInProcessBus(
  { random, nowMs, onDeadLetter }: InProcessBusConfig,
  limits: InProcessLimits = defaultInProcessLimits,
): Bus {
  const queues = new Map<string, { readonly queue: Queue; readonly messages: MessageQueue }>();
  const consumers = new Set<QueueConsumer>();
  const listeners = new Set<(connected: boolean) => void>();
  const counts = tryCounts(limits.countedMax);
  const letters = deadLetterList(limits.deadLettersMax);
  let isOpen = true;

  const queueOf = (queue: Queue): MessageQueue => {
    const known = queues.get(queue.name);
    if (known !== undefined) return known.messages;
    const { queueMessagesMax: messagesMax, publishMs } = limits;
    const { name } = queue;
    const deadLetter = async (reason: string, message: BusMessage): Promise<void> => {
      await onDeadLetter?.(reason, message);
      letters.add({ atMs: nowMs(), reason, queue: name, message });
    };
    const messages = messageQueue({ name, messagesMax, publishMs, deadLetter });
    queues.set(queue.name, { queue, messages });
    return messages;
  };
  const assertOpen = (context: string): void => {
    if (!isOpen) throw new Fault("away", `${context}: the bus is closed`);
  };
  const stop = async (consumer: QueueConsumer): Promise<void> => {
    consumers.delete(consumer);
    await atMost(limits.closeMs, consumer.stop());
  };

  const publish = async (message: BusMessage): Promise<"routed" | "unroutable"> => {
    assertOpen(`publish ${message.messageId}`);
    const taker = [...queues.values()].find(
      ({ queue, messages }) => messages.isConsumed() && isBound(queue, message.routingKey),
    );
    if (taker === undefined) return "unroutable";
    await taker.messages.put(message);
    return "routed";
  };

  return {
    publish,
    declareHostQueue: async (serverId) => {
      assertOpen(`declare ${hostQueue(serverId).name}`);
    },
    consume: async (source, prefetch, handle) => {
      const queue = source.queue === "host" ? hostQueue(source.serverId) : reportsQueue;
      assertOpen(`consume ${queue.name}`);
      const handling: Handling = { handle, counts, backoff: limits.redelivery, random };
      const consumer = queueOf(queue).consume(prefetch, handling);
      consumers.add(consumer);
      return { close: async () => await stop(consumer) };
    },
    reportsWaiting: async () => queues.get(reportsQueue.name)?.messages.waiting() ?? 0,
    listDeadLetters: async () => {
      assertOpen("list the dead letters");
      return letters.list();
    },
    replayDeadLetter: async (deadLetterId) => {
      const message = letters.messageOf(deadLetterId);
      if (message === null) return "missing";
      if ((await publish(message)) === "unroutable") return "unroutable";
      letters.remove(deadLetterId);
      return "replayed";
    },
    dropDeadLetter: async (deadLetterId) => {
      assertOpen(`drop dead letter ${deadLetterId}`);
      return letters.remove(deadLetterId) ? "dropped" : "missing";
    },
    check: async () => assertOpen("check"),
    onConnectionChange: (listener) => {
      listeners.add(listener);
      listener(isOpen);
    },
    close: async () => {
      if (!isOpen) return;
      isOpen = false;
      await Promise.all([...consumers].map(stop));
      for (const listener of listeners) listener(false);
    },
  };
}

function isBound(queue: Queue, routingKey: string): boolean {
  return queue.bindings.some(({ pattern }) => matchesTopic(pattern, routingKey));
}
