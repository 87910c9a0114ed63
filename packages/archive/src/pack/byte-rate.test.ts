import { expect, test } from "vitest";
import { byteRate } from "./byte-rate.ts";

/** A clock that stands still but while somebody sleeps. */
function clock() {
  const time = { nowMs: 5_000 };
  const sleep = async (ms: number): Promise<void> => void (time.nowMs += ms);
  return { time, clock: { monotonicMs: () => time.nowMs, sleep } };
}

test("without a rate nothing waits", async () => {
  const { time, clock: still } = clock();
  await byteRate(undefined, still).take(1e12);
  expect(time.nowMs).toBe(5_000);
});

test("one second's worth goes at once, and then as much as the rate gives", async () => {
  const { time, clock: still } = clock();
  const rate = byteRate(1_000_000, still);
  await rate.take(1_000_000);
  expect(time.nowMs).toBe(5_000);
  await rate.take(500_000);
  expect(time.nowMs).toBe(5_500);
  for (let taken = 0; taken < 10; taken += 1) await rate.take(300_000);
  expect(time.nowMs).toBe(8_500);
});

test("what is larger than a second's worth is paid for afterwards", async () => {
  const { time, clock: still } = clock();
  const rate = byteRate(1_000_000, still);
  await rate.take(4_000_000);
  expect(time.nowMs).toBe(5_000);
  await rate.take(1_000_000);
  expect(time.nowMs).toBe(9_000);
});

test("time in which nothing was read is worth one second at most", async () => {
  const { time, clock: still } = clock();
  const rate = byteRate(1_000_000, still);
  time.nowMs += 3_600_000;
  await rate.take(1_000_000);
  const before = time.nowMs;
  await rate.take(1_000_000);
  expect(time.nowMs - before).toBe(1_000);
});
