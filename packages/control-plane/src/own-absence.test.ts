// After a gap of our own, leases are extended once, and judged only after one whole lease and with no reports left to take.
import { expect, test, vi } from "vitest";
import { ownAbsence } from "./own-absence.ts";
import { recordedLog } from "./recorded-log.ts";

function scene() {
  const world = { nowMs: 0, wellSinceMs: null as number | null, waiting: 0 };
  const extendLeases = vi.fn<(byMs: number) => Promise<void>>(async () => {});
  const mayExpire = ownAbsence({
    backups: { extendLeases },
    bus: { reportsWaiting: async () => world.waiting },
    health: { wellSinceMs: () => world.wellSinceMs },
    clock: { nowMs: () => 0, elapsedMs: () => world.nowMs, sleep: async () => {} },
    leaseMs: 60_000,
    log: recordedLog().log,
  });
  return { world, extendLeases, mayExpire };
}

test("a start is the end of a gap", async () => {
  const { world, extendLeases, mayExpire } = scene();
  expect(await mayExpire()).toBe(false);
  expect(extendLeases).not.toHaveBeenCalled();
  world.wellSinceMs = 1_000;
  world.nowMs = 60_999;
  expect(await mayExpire()).toBe(false);
  expect(extendLeases).toHaveBeenCalledExactlyOnceWith(60_000);
  world.nowMs = 61_000;
  expect(await mayExpire()).toBe(true);
  expect(extendLeases).toHaveBeenCalledTimes(1);
});

test("reports that wait keep leases from being judged until they are taken", async () => {
  const { world, mayExpire } = scene();
  world.wellSinceMs = 0;
  world.nowMs = 100_000;
  world.waiting = 1;
  expect(await mayExpire()).toBe(false);
  world.waiting = 0;
  expect(await mayExpire()).toBe(true);
  world.waiting = 5;
  expect(await mayExpire()).toBe(true);
});

test("each later gap begins the wait anew", async () => {
  const { world, extendLeases, mayExpire } = scene();
  world.wellSinceMs = 0;
  world.nowMs = 100_000;
  expect(await mayExpire()).toBe(true);
  world.wellSinceMs = null;
  expect(await mayExpire()).toBe(false);
  world.wellSinceMs = 120_000;
  world.nowMs = 179_999;
  expect(await mayExpire()).toBe(false);
  world.nowMs = 180_000;
  expect(await mayExpire()).toBe(true);
  expect(extendLeases).toHaveBeenCalledTimes(2);
});
