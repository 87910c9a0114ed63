// The loop: wakes, waits and errors.
import type { Clock } from "@manman/core/ports.ts";
import { expect, test } from "vitest";
import { startLoop } from "./loop.ts";
import { recordedLog } from "./recorded-log.ts";

const { log, lines } = recordedLog();

/** Sleeps end by their signal only; what was slept is kept. */
function stillClock() {
  const sleeps: number[] = [];
  const clock: Clock = {
    nowMs: () => 0,
    elapsedMs: () => 0,
    sleep: async (ms, signal) => {
      sleeps.push(ms);
      await new Promise<void>((resolve) => {
        signal?.addEventListener("abort", () => resolve());
      });
    },
  };
  return { sleeps, clock };
}

async function settled(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}

test("a wake ends the wait, and wakes during a round make one more round", async () => {
  const { sleeps, clock } = stillClock();
  let rounds = 0;
  const loop = startLoop({
    name: "test",
    clock,
    log,
    random: () => 0,
    round: async () => {
      rounds += 1;
      if (rounds === 2) {
        loop.wake();
        loop.wake();
      }
      return 1_000;
    },
  });
  await settled();
  expect(rounds).toBe(1);
  loop.wake();
  await settled();
  expect(rounds).toBe(3);
  expect(sleeps).toEqual([1_000, 1_000]);
  await loop.stop();
  expect(rounds).toBe(3);
});

test("an error is waited out whatever wakes, and does not end the loop", async () => {
  const { sleeps, clock } = stillClock();
  let rounds = 0;
  const loop = startLoop({
    name: "test",
    clock: {
      ...clock,
      // The first wait is that after the error.
      sleep: async (ms, signal) => {
        if (sleeps.length > 0) await clock.sleep(ms, signal);
        else sleeps.push(ms);
      },
    },
    log,
    random: () => 0,
    round: async () => {
      rounds += 1;
      if (rounds === 1) throw new Error("the database is away");
      return 1_000;
    },
  });
  loop.wake();
  await settled();
  expect(rounds).toBe(2);
  expect(sleeps).toEqual([125, 1_000]);
  expect(lines.map(({ level, sentence }) => [level, sentence])).toEqual([
    ["error", "test failed; it is tried again"],
  ]);
  await loop.stop();
});
