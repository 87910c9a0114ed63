// Publishes what was committed to the outbox, and lets go of a message only when the broker has it safe. Order is kept for each
// server; a server whose messages cannot be delivered holds up nobody else's.
import { backoffMs } from "@manman/core/backoff.ts";
import { parseRoutingKey } from "@manman/contract/bus/routing-keys.ts";
import { Fault, wordsOf } from "@manman/core/fault.ts";
import type { Bus, Clock, Outbox, OutboxMessage, OutboxVerdict } from "@manman/core/ports.ts";
import { logFailure, type Log } from "./log.ts";
import { startLoop, type Loop } from "./loop.ts";

/** Messages shown at a time. */
const batchMax = 200;
/** Safety net for a wake that got lost, and for messages that other control planes left behind. */
const pollMs = 1_000;
/** Messages that are not confirmed so long after their batch has begun are put off, so that one stuck queue cannot hold up the others. */
const confirmWaitMs = 2_000;
const unroutableBackoff = { firstMs: 1_000, mostMs: 30_000 };
const brokerBackoff = { firstMs: 250, mostMs: 5_000 };

export type OutboxRelay = Loop & {
  /** Tells whether the broker is connected; nothing is tried while it is not. */
  readonly onConnectionChange: (connected: boolean) => void;
};

type Needs = {
  readonly outbox: Pick<Outbox, "relay">;
  readonly bus: Pick<Bus, "publish">;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
};

export function startOutboxRelay(needs: Needs): OutboxRelay {
  const { outbox, clock, random, log } = needs;
  let isConnected = true;
  let failuresInARow = 0;

  const round = async (): Promise<number> => {
    if (!isConnected) return brokerBackoff.mostMs;
    let brokerFailed = false;
    const shown = await outbox.relay(batchMax, async (messages) => {
      const verdicts = await publishAll(messages, needs);
      brokerFailed = verdicts.some((verdict) => verdict.brokerFailed);
      return verdicts.map(({ verdict }) => verdict);
    });
    failuresInARow = brokerFailed ? failuresInARow + 1 : 0;
    if (brokerFailed) return backoffMs(failuresInARow, brokerBackoff, random());
    return shown >= batchMax ? 0 : pollMs;
  };

  const loop = startLoop({ name: "outbox relay", round, clock, random, log });
  return {
    ...loop,
    onConnectionChange: (connected) => {
      isConnected = connected;
      if (connected) loop.wake();
    },
  };
}

type Result = { readonly verdict: OutboxVerdict; readonly brokerFailed: boolean };

/** What all messages of a batch share: the time at which nobody waits for confirms any more. */
type Batch = { readonly needs: Needs; readonly late: Promise<undefined> };

/** Servers side by side, the messages of one server in their order. */
async function publishAll(
  messages: readonly OutboxMessage[],
  needs: Needs,
): Promise<readonly Result[]> {
  const over = new AbortController();
  const late = needs.clock.sleep(confirmWaitMs, over.signal).then(() => undefined);
  const lanes = Map.groupBy(messages, ({ routingKey }) => laneOf(routingKey));
  const results = new Map<bigint, Result>();
  await Promise.all(
    [...lanes.values()].map(async (lane) => {
      const published = await publishLane(lane, { needs, late });
      lane.forEach(({ outboxId }, place) => {
        // A lane answers with one result for each of its messages.
        results.set(outboxId, published[place] as Result);
      });
    }),
  );
  over.abort("the batch is done");
  // Every message is in a lane.
  return messages.map(({ outboxId }) => results.get(outboxId) as Result);
}

/** The server that a command is for; a key that is none of ours is its own lane. */
function laneOf(routingKey: string): string {
  const key = parseRoutingKey(routingKey);
  return key === undefined ? routingKey : String(key.id);
}

/**
 * All at once, which the broker takes in their order. Where the first was put off before, it goes ahead alone, and what it meets
 * holds for the others too: a host whose queue is missing costs one message a try, and none overtakes it.
 */
async function publishLane(
  lane: readonly OutboxMessage[],
  batch: Batch,
): Promise<readonly Result[]> {
  const [first, ...others] = lane;
  if (first === undefined || first.tries === 0) {
    return inOrder(
      await Promise.all(lane.map(async (message) => await publishOne(message, batch))),
    );
  }
  const ahead = await publishOne(first, batch);
  return ahead.verdict.kind === "put-off"
    ? lane.map(() => ahead)
    : [ahead, ...(await publishLane(withoutTries(others), batch))];
}

/** None that is put off comes back before one that was put off ahead of it. */
function inOrder(results: readonly Result[]): readonly Result[] {
  let leastMs = 0;
  return results.map((result) => {
    if (result.verdict.kind === "sent") return result;
    leastMs = Math.max(leastMs, result.verdict.waitMs);
    return { ...result, verdict: { ...result.verdict, waitMs: leastMs } };
  });
}

/** The way is free again. */
function withoutTries(messages: readonly OutboxMessage[]): readonly OutboxMessage[] {
  return messages.map((message) => ({ ...message, tries: 0 }));
}

async function publishOne(message: OutboxMessage, { needs, late }: Batch): Promise<Result> {
  const { bus, random, log } = needs;
  const fields = { routing_key: message.routingKey, message_id: message.messageId };
  try {
    const fate = await Promise.race([bus.publish(message), late]);
    if (fate === "routed") return { verdict: { kind: "sent" }, brokerFailed: false };
    const waitMs = backoffMs(message.tries + 1, unroutableBackoff, random());
    const reason =
      fate === "unroutable"
        ? "no queue takes it: its host has not registered as yet"
        : `no confirm within ${confirmWaitMs} ms`;
    log.debug({ ...fields, wait_ms: waitMs }, reason);
    return putOff(waitMs, reason, false);
  } catch (error) {
    logFailure(log, fields, error, "a message could not be published");
    // What the broker refuses is this message's own affair, and stops no other.
    return error instanceof Fault && error.kind !== "away"
      ? putOff(unroutableBackoff.mostMs, wordsOf(error), false)
      : putOff(brokerBackoff.firstMs, wordsOf(error), true);
  }
}

function putOff(waitMs: number, reason: string, brokerFailed: boolean): Result {
  return { verdict: { kind: "put-off", waitMs, reason }, brokerFailed };
}
