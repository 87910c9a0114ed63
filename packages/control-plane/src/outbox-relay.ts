// Publishes what was committed to the outbox, and lets go of a message only when the broker has it safe. Order is kept for each
// server; a server whose messages cannot be delivered holds up nobody else's.
import { backoffMs } from "@manman/core/backoff.ts";
import { parseRoutingKey } from "@manman/contract/bus/routing-keys.ts";
import { wordsOf } from "@manman/core/fault.ts";
import type { Bus, Outbox, OutboxMessage, OutboxVerdict } from "@manman/core/ports.ts";
import type { Clock } from "./clock.ts";
import { logFailure, type Log } from "./log.ts";
import { startLoop, type Loop } from "./loop.ts";
import { within } from "./within.ts";

/** Messages shown at a time. */
const batchMax = 200;
/** Safety net for a wake that got lost, and for messages that other control planes left behind. */
const pollMs = 1_000;
/** A message whose confirm takes longer is put off, so that one stuck queue cannot hold up a batch. */
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

/** Servers side by side, the messages of one server one after another. */
async function publishAll(
  messages: readonly OutboxMessage[],
  needs: Needs,
): Promise<readonly Result[]> {
  const lanes = Map.groupBy(messages, ({ routingKey }) => laneOf(routingKey));
  const results = new Map<bigint, Result>();
  await Promise.all(
    [...lanes.values()].map(async (lane) => {
      for (const [outboxId, result] of await publishLane(lane, needs)) {
        results.set(outboxId, result);
      }
    }),
  );
  return messages.map(({ outboxId }) => {
    const result = results.get(outboxId);
    if (result === undefined) throw new Error(`message ${outboxId} was left out`);
    return result;
  });
}

/** The server that a command is for; a key that is none of ours is its own lane. */
function laneOf(routingKey: string): string {
  const key = parseRoutingKey(routingKey);
  return key === undefined ? routingKey : String(key.id);
}

/** After the first message that was not sent, the rest of the lane waits as long as that one, so that none overtakes it. */
async function publishLane(
  lane: readonly OutboxMessage[],
  needs: Needs,
): Promise<readonly (readonly [bigint, Result])[]> {
  let stopped: Result | null = null;
  const results: (readonly [bigint, Result])[] = [];
  for (const message of lane) {
    const result: Result = stopped ?? (await publishOne(message, needs));
    if (result.verdict.kind === "put-off") stopped = result;
    results.push([message.outboxId, result]);
  }
  return results;
}

async function publishOne(
  message: OutboxMessage,
  { bus, clock, random, log }: Needs,
): Promise<Result> {
  const fields = { routing_key: message.routingKey, message_id: message.messageId };
  try {
    const fate = await within(clock, confirmWaitMs, bus.publish(message));
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
    return putOff(brokerBackoff.firstMs, wordsOf(error), true);
  }
}

function putOff(waitMs: number, reason: string, brokerFailed: boolean): Result {
  return { verdict: { kind: "put-off", waitMs, reason }, brokerFailed };
}
