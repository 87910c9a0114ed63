// One process's way to the broker: the port Bus over a connection that can be lost at any moment.
import { backoffMs } from "@manman/core/backoff.ts";
import { hostQueue, reportsQueue } from "@manman/contract/bus/topology.ts";
import { Fault, wordsOf } from "@manman/core/fault.ts";
import type { Bus, BusMessage, Delivery, DeliveryVerdict } from "@manman/core/ports.ts";
import type { Broker, Consumer, Queued } from "./broker.ts";
import type { ArrivalOrder, Network } from "./network.ts";
import type { SimProcess } from "./process.ts";
import type { VirtualTime } from "./virtual-time.ts";

type Handle = (delivery: Delivery) => Promise<DeliveryVerdict>;

type Subscription = {
  readonly queueName: string;
  readonly prefetch: number;
  readonly handle: Handle;
  readonly begun: PromiseWithResolvers<void>;
  consumer: Consumer | null;
  isClosed: boolean;
  inHand: number;
};

const publishWaitMs = 10_000;
/** After so long without a word the broker takes a client for dead. */
const heartbeatMs = 20_000;
const redelivery = { firstMs: 200, mostMs: 10_000 };
const handlerTriesMax = 3;

export type SimBus = Bus & {
  /** Both sides lose the connection. */
  readonly lose: () => void;
};

export function simBus(
  process: SimProcess,
  { broker, network, time }: { broker: Broker; network: Network; time: VirtualTime },
): SimBus {
  /** Rises with each connection; what belongs to an older one counts no more. */
  let connection = 0;
  let isConnected = false;
  /** What the process knows of it. */
  let believesConnected = false;
  const listeners: ((connected: boolean) => void)[] = [];
  const subscriptions = new Set<Subscription>();
  const tries = new Map<string, number>();
  let lastDeliveryMs = 0;
  let isClosed = false;

  const tell = (connected: boolean): void =>
    process.enter(() => {
      if (believesConnected === connected) return;
      believesConnected = connected;
      for (const listener of listeners) listener(connected);
    });
  const lose = (): void => {
    if (!isConnected) return;
    isConnected = false;
    connection += 1;
    for (const one of subscriptions) {
      if (one.consumer !== null) broker.cancel(one.queueName, one.consumer);
      one.consumer = null;
    }
    tell(false);
    time.after(process.chance.between(200, 1_500), tryToConnect);
  };
  const tryToConnect = (): void => {
    if (process.isDead || isClosed || isConnected) return;
    if (process.isStopped || !network.reaches(process, "broker")) {
      time.after(process.chance.between(300, 3_000), tryToConnect);
      return;
    }
    isConnected = true;
    tell(true);
    for (const one of subscriptions) subscribe(one);
    watchHeartbeat(connection);
  };
  const watchHeartbeat = (watched: number, silentMs = 0): void => {
    time.after(heartbeatMs / 2, () => {
      if (watched !== connection || !isConnected || process.isDead) return;
      const isSilent = process.isStopped || !network.reaches(process, "broker");
      const sinceMs = isSilent ? silentMs + heartbeatMs / 2 : 0;
      if (sinceMs >= heartbeatMs) lose();
      else watchHeartbeat(watched, sinceMs);
    });
  };
  /** What is on its way while nothing gets through arrives later, or never where the connection is given up before. */
  const overConnection = (mine: number, ms: number, arrive: () => void): void => {
    time.after(ms, () => {
      if (mine !== connection) return;
      if (network.reaches(process, "broker")) arrive();
      else overConnection(mine, 1_000, arrive);
    });
  };
  const subscribe = (one: Subscription): void => {
    if (one.isClosed || one.consumer !== null || !isConnected) return;
    const mine = connection;
    const consumer: Consumer = {
      prefetch: one.prefetch,
      inHand: new Set(),
      deliver: (message) => {
        // Over one connection messages arrive in their order.
        lastDeliveryMs = Math.max(lastDeliveryMs, time.nowMs + network.latencyMs());
        overConnection(mine, lastDeliveryMs - time.nowMs, () => {
          process.enter(() => {
            if (mine === connection && !one.isClosed) void work(one, consumer, message, mine);
          });
        });
      },
    };
    one.consumer = consumer;
    broker.consume(one.queueName, consumer);
    process.enter(() => one.begun.resolve());
  };
  const work = async (
    one: Subscription,
    consumer: Consumer,
    message: Queued,
    mine: number,
  ): Promise<void> => {
    one.inHand += 1;
    const verdict = await verdictOn(one, message, () => mine !== connection || one.isClosed);
    one.inHand -= 1;
    if (verdict === null || mine !== connection) return;
    overConnection(mine, network.latencyMs(), () => {
      if (verdict.kind === "done") broker.acknowledge(one.queueName, consumer, message);
      else broker.bury(one.queueName, consumer, message, verdict.reason);
    });
  };
  const verdictOn = async (
    { handle }: Subscription,
    { routingKey, messageId, body }: Queued,
    isOver: () => boolean,
  ): Promise<DeliveryVerdict | null> => {
    for (let waits = 1; ; waits += 1) {
      try {
        const verdict = await handle({ routingKey, messageId, body: Buffer.from(body) });
        tries.delete(messageId);
        return verdict;
      } catch (error) {
        const isAway = error instanceof Fault && error.kind === "away";
        const count = isAway ? 0 : (tries.get(messageId) ?? 0) + 1;
        if (!isAway) tries.set(messageId, count);
        if (count >= handlerTriesMax) return { kind: "dead-letter", reason: wordsOf(error) };
      }
      if (isOver()) return null;
      await process.clock.sleep(backoffMs(waits, redelivery, process.chance.number()));
      if (isOver()) return null;
    }
  };
  /** Something asked of the broker over the present connection. */
  const ask = async <T>(
    what: string,
    question: () => T,
    order: ArrivalOrder = { lastAtMs: 0 },
  ): Promise<T> => {
    const mine = connection;
    if (!isConnected || isClosed) {
      await process.clock.sleep(network.latencyMs());
      throw new Fault("away", `${what}: the broker is away`);
    }
    const answer = await network.call(process, "broker", {
      what,
      waitMs: publishWaitMs,
      ours: false,
      order,
      work: async () => {
        if (mine !== connection) throw new Fault("away", `${what}: the connection was lost`);
        return question();
      },
    });
    if (mine !== connection) throw new Fault("away", `${what}: the connection was lost`);
    return answer;
  };

  const publishing: ArrivalOrder = { lastAtMs: 0 };
  const publish = async (message: BusMessage): Promise<"routed" | "unroutable"> =>
    await ask(`publish ${message.messageId}`, () => broker.publish(message), publishing);
  const { deadLetters } = broker;

  process.onDeath(() => {
    time.after(process.chance.between(0, 500), lose);
  });
  time.after(process.chance.between(1, 300), tryToConnect);

  return {
    lose,
    publish: async (message: BusMessage) => await publish(message),
    declareHostQueue: async (serverId) =>
      await ask(`declare queue of ${serverId}`, () => broker.declareHost(serverId)),
    consume: async (source, prefetch, handle) => {
      const queue = source.queue === "host" ? hostQueue(source.serverId) : reportsQueue;
      const one: Subscription = {
        queueName: queue.name,
        prefetch,
        handle,
        begun: Promise.withResolvers<void>(),
        consumer: null,
        isClosed: false,
        inHand: 0,
      };
      broker.declare(queue);
      subscriptions.add(one);
      time.after(network.latencyMs(), () => {
        if (!process.isDead) subscribe(one);
      });
      await one.begun.promise;
      return {
        close: async () => {
          one.isClosed = true;
          for (let waits = 0; one.inHand > 0 && waits < 50; waits += 1) {
            await process.clock.sleep(100);
          }
          if (one.consumer !== null) broker.cancel(one.queueName, one.consumer);
          // Not before: a connection that is lost meanwhile gives back what is in hand.
          one.consumer = null;
          subscriptions.delete(one);
        },
      };
    },
    reportsWaiting: async () => await ask("count reports", () => broker.waiting(reportsQueue.name)),
    listDeadLetters: async () => await ask("list dead letters", () => deadLetters.list()),
    replayDeadLetter: async (id) => {
      const message = await ask(`look at ${id}`, () => deadLetters.messageOf(id));
      if (message === null) return "missing";
      if ((await publish(message)) === "unroutable") return "unroutable";
      await ask(`let go of ${id}`, () => deadLetters.remove(id));
      return "replayed";
    },
    dropDeadLetter: async (id) =>
      (await ask(`drop ${id}`, () => deadLetters.remove(id))) ? "dropped" : "missing",
    check: async () => {
      await ask("check the broker", () => undefined);
    },
    onConnectionChange: (listener) => {
      listeners.push(listener);
      listener(believesConnected);
    },
    close: async () => {
      isClosed = true;
      lose();
    },
  };
}
