import { expect, test } from "vitest";
import { systemClock } from "./system-clock.ts";

const hourMs = 3_600_000;

test("a sleep lasts as long as it is asked to", async () => {
  const startedMs = systemClock.elapsedMs();
  await systemClock.sleep(20);
  expect(systemClock.elapsedMs() - startedMs).toBeGreaterThanOrEqual(19);
});

test("a signal ends a sleep at once, and one that was given before lets none begin", async () => {
  const controller = new AbortController();
  const sleeping = systemClock.sleep(hourMs, controller.signal);
  controller.abort();
  expect(await sleeping).toBeUndefined();
  expect(await systemClock.sleep(hourMs, controller.signal)).toBeUndefined();
});
