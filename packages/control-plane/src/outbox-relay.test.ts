// The relay's order and its patience, seen through one batch.
import { Fault } from "@manman/core/fault.ts";
import type { BusMessage, Clock, OutboxMessage, OutboxVerdict } from "@manman/core/ports.ts";
import { expect, test } from "vitest";
import { startOutboxRelay } from "./outbox-relay.ts";
import { recordedLog } from "./recorded-log.ts";

const { log } = recordedLog();

function message(outboxId: number, routingKey: string, tries = 0): OutboxMessage {
  return { outboxId: BigInt(outboxId), routingKey, messageId: String(outboxId), body: "{}", tries };
}

/** Relays one batch, and answers what became of each message and in which order they went out. */
async function relayOnce(
  batch: readonly OutboxMessage[],
  publish: (message: BusMessage) => Promise<"routed" | "unroutable">,
  sleep: Clock["sleep"] = async (_ms, signal) =>
    await new Promise((resolve) => {
      signal?.addEventListener("abort", () => resolve());
    }),
) {
  const order: string[] = [];
  const verdicts = Promise.withResolvers<readonly OutboxVerdict[]>();
  const relay = startOutboxRelay({
    outbox: {
      relay: async (_limit, send) => {
        verdicts.resolve(await send(batch));
        return batch.length;
      },
    },
    bus: {
      publish: async (one) => {
        order.push(one.messageId);
        return await publish(one);
      },
    },
    clock: { nowMs: () => 0, elapsedMs: () => 0, sleep },
    random: () => 0,
    log,
  });
  const answered = await verdicts.promise;
  await relay.stop();
  return { order, verdicts: answered };
}

const sent = { kind: "sent" };

test("every message that a queue takes is sent", async () => {
  const batch = [message(1, "command.host.7.backup"), message(2, "command.host.8.backup")];
  expect((await relayOnce(batch, async () => "routed")).verdicts).toEqual([sent, sent]);
});

const unroutable = {
  kind: "put-off",
  waitMs: 500,
  reason: "no queue takes it: its host has not registered as yet",
};

test("messages that no queue takes are put off, and hold up nobody else's", async () => {
  const batch = [
    message(1, "command.host.7.session.start"),
    message(2, "command.host.8.backup"),
    message(3, "command.host.7.session.stop"),
  ];
  const { order, verdicts } = await relayOnce(batch, async ({ routingKey }) =>
    routingKey.startsWith("command.host.7.") ? "unroutable" : "routed",
  );
  expect(verdicts).toEqual([unroutable, sent, unroutable]);
  expect(order).toEqual(["1", "3", "2"]);
});

test("a message that was put off before goes ahead of its server's others, which share what it meets", async () => {
  const batch = [
    message(1, "command.host.7.session.start", 2),
    message(2, "command.host.8.backup"),
    message(3, "command.host.7.session.stop"),
  ];
  const missing = await relayOnce(batch, async ({ routingKey }) =>
    routingKey.startsWith("command.host.7.") ? "unroutable" : "routed",
  );
  const waiting = { ...unroutable, waitMs: 2_000 };
  expect(missing.verdicts).toEqual([waiting, sent, waiting]);
  expect(missing.order).toEqual(["1", "2"]);
  const there = await relayOnce(batch, async () => "routed");
  expect(there.verdicts).toEqual([sent, sent, sent]);
  expect(there.order.filter((id) => id !== "2")).toEqual(["1", "3"]);
});

test("a queue that never confirms is waited for two seconds, and holds up nobody else", async () => {
  const batch = [message(1, "command.host.7.backup"), message(2, "command.host.8.backup")];
  const sleeps: number[] = [];
  const { verdicts } = await relayOnce(
    batch,
    async ({ routingKey }) =>
      routingKey === "command.host.7.backup" ? await new Promise(() => {}) : "routed",
    async (ms) => {
      sleeps.push(ms);
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    },
  );
  expect(verdicts).toEqual([
    { kind: "put-off", waitMs: 500, reason: "no confirm within 2000 ms" },
    sent,
  ]);
  expect(sleeps[0]).toBe(2_000);
});

test("messages of one server that are put off together come back in their order", async () => {
  const batch = [message(1, "command.host.7.session.stop"), message(2, "command.host.7.backup")];
  const { verdicts } = await relayOnce(batch, async ({ messageId }) => {
    if (messageId === "1") return "unroutable";
    throw new Fault("away", "publish", new Error("connection closed"));
  });
  expect(verdicts).toEqual([
    unroutable,
    { kind: "put-off", waitMs: 500, reason: "publish: connection closed" },
  ]);
});

test("a broker that goes away in the middle puts off what it did not take", async () => {
  const batch = [message(1, "command.host.7.backup"), message(2, "command.host.7.backup")];
  const { verdicts } = await relayOnce(batch, async ({ messageId }) => {
    if (messageId === "1") return "routed";
    throw new Fault("away", "publish", new Error("connection closed"));
  });
  expect(verdicts).toEqual([
    sent,
    { kind: "put-off", waitMs: 250, reason: "publish: connection closed" },
  ]);
});

test("a message that the broker refuses is put off for long, and the others go out", async () => {
  const batch = [message(1, "command.host.7.backup"), message(2, "command.host.8.backup")];
  const { verdicts } = await relayOnce(batch, async ({ messageId }) => {
    if (messageId === "2") return "routed";
    throw new Fault("rejected", "publish", new Error("too large"));
  });
  expect(verdicts).toEqual([
    { kind: "put-off", waitMs: 30_000, reason: "publish: too large" },
    sent,
  ]);
});
