// Health from rows of checks: when we serve, and since when without a gap.
import { expect, test } from "vitest";
import { afterCheck, healthTimes, noChecks, wellSince, type HealthState } from "./health-state.ts";

const times = { checkEveryMs: 1_000, gapMs: 5_000 };

type Check = readonly [atMs: number, isWell: boolean];

function after(...checks: readonly Check[]): HealthState {
  return checks.reduce((state, [atMs, isWell]) => afterCheck(state, isWell, atMs, times), noChecks);
}

test("nothing is served before the first good check", () => {
  expect(noChecks.isServing).toBe(false);
  expect(after([0, false]).isServing).toBe(false);
  expect(after([0, false], [1_000, true]).isServing).toBe(true);
});

test("one lost check is no outage, two are, and one good check ends it", () => {
  expect(after([0, true], [1_000, false]).isServing).toBe(true);
  expect(after([0, true], [1_000, false], [2_000, false]).isServing).toBe(false);
  expect(after([0, true], [1_000, false], [2_000, false], [3_000, true]).isServing).toBe(true);
});

test.each<[string, readonly Check[], number, number | null]>([
  ["at the start", [], 0, null],
  ["after the first good check", [[100, true]], 100, 100],
  [
    "through a short outage",
    [
      [100, true],
      [1_100, false],
      [5_100, true],
    ],
    5_100,
    100,
  ],
  [
    "after a long outage",
    [
      [100, true],
      [1_100, false],
      [5_101, true],
    ],
    5_101,
    5_101,
  ],
  [
    "within a long outage",
    [
      [100, true],
      [5_101, false],
    ],
    5_101,
    null,
  ],
  ["after the process stood still, before any check", [[100, true]], 60_000, null],
])("well since, %s", (_what, checks, nowMs, sinceMs) => {
  expect(wellSince(after(...checks), nowMs, times)).toBe(sinceMs);
});

test.each<[number, number, number]>([
  // lease, between checks, gap; milliseconds
  [60_000, 1_000, 5_000],
  [10_000, 1_000, 5_000],
  [4_000, 1_000, 2_000],
  [2_000, 500, 1_000],
])(
  "with leases of %i ms checks are %i ms apart, and %i ms without a good one are a gap",
  (...row) => {
    const [leaseMs, checkEveryMs, gapMs] = row;
    expect(healthTimes(leaseMs)).toEqual({ checkEveryMs, gapMs });
  },
);
