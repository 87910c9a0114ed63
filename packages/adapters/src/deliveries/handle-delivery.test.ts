import { Fault } from "@manman/core/fault.ts";
import type { Delivery, DeliveryVerdict } from "@manman/core/ports.ts";
import { expect, test } from "vitest";
import { handleDelivery } from "./handle-delivery.ts";
import { tryCounts } from "./try-counts.ts";

const delivery: Delivery = { routingKey: "k", messageId: "m", body: new Uint8Array() };
const never = new AbortController().signal;

/** A handler that throws these one after another, and is done then. */
function handling(...throws: unknown[]) {
  const calls = { made: 0 };
  const handle = async (): Promise<DeliveryVerdict> => {
    const thrown = throws[calls.made];
    calls.made += 1;
    if (thrown !== undefined) throw thrown;
    return { kind: "done" };
  };
  const backoff = { firstMs: 1, mostMs: 2 };
  return { calls, handle, backoff, random: () => 0, counts: tryCounts(10) };
}

test("a handler whose store is away gets the message for as long as it takes", async () => {
  const away = Array.from({ length: 20 }, () => new Fault("away", "no database"));
  expect(await handleDelivery(handling(...away), delivery, never)).toEqual({ kind: "done" });
});

test("a handler that throws anything else gets it three times, then it is given up with its words", async () => {
  const once = handling(...["one", "two", "three", "four"].map((words) => new Error(words)));
  expect(await handleDelivery(once, delivery, never)).toEqual({
    kind: "dead-letter",
    reason: "three",
  });
  expect(once.calls.made).toBe(3);
});

test("tries are counted over redeliveries", async () => {
  const late = new AbortController();
  late.abort();
  const twice = handling(new Error("one"), new Error("two"), new Error("three"));
  expect(await handleDelivery(twice, delivery, late.signal)).toBeNull();
  expect(await handleDelivery(twice, delivery, late.signal)).toBeNull();
  expect(await handleDelivery(twice, delivery, late.signal)).toEqual({
    kind: "dead-letter",
    reason: "three",
  });
});

test("the waiting ends with the signal, and nothing is decided", async () => {
  const controller = new AbortController();
  const backoff = { firstMs: 3_600_000, mostMs: 3_600_000 };
  const waiting = handleDelivery(
    { ...handling(new Fault("away", "no database")), backoff },
    delivery,
    controller.signal,
  );
  controller.abort();
  expect(await waiting).toBeNull();
});
