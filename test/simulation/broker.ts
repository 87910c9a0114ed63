// The broker of the simulation: durable queues that every message stays in until it is acknowledged. What was delivered over a
// connection that is lost comes again, in its old place.
import { deadLetterList } from "@manman/adapters/in-process/dead-letter-list.ts";
import { matchesTopic } from "@manman/adapters/in-process/topic-pattern.ts";
import {
  deadLettersMax,
  hostQueue,
  reportsQueue,
  type Queue,
} from "@manman/contract/bus/topology.ts";
import type { BusMessage } from "@manman/core/ports.ts";
import type { Trace } from "./trace.ts";

export type Queued = BusMessage & { readonly order: number };

export type Consumer = {
  readonly prefetch: number;
  /** Delivered and not acknowledged. */
  readonly inHand: Set<Queued>;
  readonly deliver: (message: Queued) => void;
};

type SimQueue = {
  readonly queue: Queue;
  ready: Queued[];
  readonly consumers: Consumer[];
};

/** What the reference model hears of. */
export type BrokerWatch = {
  readonly onAcknowledged: (queueName: string, message: BusMessage) => void;
  readonly onDeath: (messageId: string, reason: string) => void;
};

const pastMax = 30;

export class Broker {
  readonly deadLetters = deadLetterList(deadLettersMax);
  readonly #queues = new Map<string, SimQueue>();
  readonly #watch: BrokerWatch;
  readonly #trace: Trace;
  readonly #nowMs: () => number;
  /** The last messages that were acknowledged. */
  readonly #past: BusMessage[] = [];
  #order = 0;

  constructor(watch: BrokerWatch, trace: Trace, nowMs: () => number) {
    this.#watch = watch;
    this.#nowMs = nowMs;
    this.#trace = trace;
    this.declare(reportsQueue);
  }

  declare(queue: Queue): void {
    if (this.#queues.has(queue.name)) return;
    this.#queues.set(queue.name, { queue, ready: [], consumers: [] });
  }

  declareHost(serverId: bigint): void {
    this.declare(hostQueue(serverId));
  }

  publish(message: BusMessage): "routed" | "unroutable" {
    let isRouted = false;
    for (const target of this.#queues.values()) {
      if (!target.queue.bindings.some(({ pattern }) => matchesTopic(pattern, message.routingKey)))
        continue;
      isRouted = true;
      this.#order += 1;
      target.ready.push({ ...message, order: this.#order });
      this.#handOut(target);
    }
    this.#trace.note(isRouted ? "routed" : "unroutable", message.messageId);
    return isRouted ? "routed" : "unroutable";
  }

  consume(queueName: string, consumer: Consumer): void {
    const target = this.#queueOf(queueName);
    target.consumers.push(consumer);
    this.#handOut(target);
  }

  /** What the consumer has in hand goes back to its place. */
  cancel(queueName: string, consumer: Consumer): void {
    const target = this.#queueOf(queueName);
    const at = target.consumers.indexOf(consumer);
    if (at < 0) return;
    target.consumers.splice(at, 1);
    target.ready = [...consumer.inHand, ...target.ready].toSorted((a, b) => a.order - b.order);
    consumer.inHand.clear();
    this.#handOut(target);
  }

  acknowledge(queueName: string, consumer: Consumer, message: Queued): void {
    // One that came back meanwhile is somebody else's to acknowledge.
    if (!consumer.inHand.delete(message)) return;
    this.#trace.note("acknowledged", `${message.messageId} of ${queueName}`);
    this.#watch.onAcknowledged(queueName, message);
    this.#past.push(message);
    if (this.#past.length > pastMax) this.#past.shift();
    this.#handOut(this.#queueOf(queueName));
  }

  /** The message goes to the dead letters, where it stays when the acknowledgement comes to nothing. */
  bury(queueName: string, consumer: Consumer, message: Queued, reason: string): void {
    this.#watch.onDeath(message.messageId, reason);
    this.deadLetter(message, queueName, reason);
    if (consumer.inHand.delete(message)) this.#handOut(this.#queueOf(queueName));
  }

  /** Lets one of the last messages come again: brokers deliver at least once. */
  repeat(pick: (past: readonly BusMessage[]) => BusMessage): void {
    if (this.#past.length > 0) this.publish(pick(this.#past));
  }

  /** One of the last messages, under another id, is a dead letter now, as if it had died on its way. */
  buryAgain(pick: (past: readonly BusMessage[]) => BusMessage, messageId: string): void {
    if (this.#past.length === 0) return;
    this.deadLetter({ ...pick(this.#past), messageId }, "", "made up");
  }

  deadLetter(message: BusMessage, queue: string, reason: string): void {
    this.#trace.note("dead letter", `${message.messageId}: ${reason}`);
    this.deadLetters.add({ message, queue, reason, atMs: this.#nowMs() });
  }

  waiting(queueName: string): number {
    return this.#queueOf(queueName).ready.length;
  }

  /** Messages that nobody has acknowledged; null where there are none. */
  unfinished(): string | null {
    for (const { queue, ready, consumers } of this.#queues.values()) {
      const inHand = consumers.map((consumer) => consumer.inHand.size);
      if (ready.length === 0 && inHand.every((size) => size === 0)) continue;
      return `${queue.name}: ${ready.length} wait, consumers have ${inHand.join(" and ")} in hand`;
    }
    return null;
  }

  #handOut(target: SimQueue): void {
    while (target.ready.length > 0) {
      const free = target.consumers.find(({ prefetch, inHand }) => inHand.size < prefetch);
      const next = free && target.ready.shift();
      if (free === undefined || next === undefined) return;
      free.inHand.add(next);
      free.deliver(next);
      // Turns, as a broker takes them.
      target.consumers.push(...target.consumers.splice(target.consumers.indexOf(free), 1));
    }
  }

  #queueOf(name: string): SimQueue {
    const target = this.#queues.get(name);
    if (target === undefined) throw new Error(`there is no queue ${name}`);
    return target;
  }
}
