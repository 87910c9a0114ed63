// Waits double up to a cap and are spread over their upper half.
import fc from "fast-check";
import { expect, test } from "vitest";
import { backoffMs } from "./backoff.ts";

const limits = { firstMs: 1_000, mostMs: 60_000 };

test.each([
  [1, 0, 500],
  [1, 0.5, 750],
  [2, 0, 1_000],
  [3, 0, 2_000],
  [7, 0, 30_000],
  [100, 0.999, 59_970],
])("after %d failures, with chance %d, the wait is %d ms", (tries, chance, waitMs) => {
  expect(backoffMs(tries, limits, chance)).toBe(waitMs);
});

test("every wait is a whole number between half the first step and the cap", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (tries, chance) => {
        const waitMs = backoffMs(tries, limits, chance);
        expect(Number.isInteger(waitMs)).toBe(true);
        expect(waitMs).toBeGreaterThanOrEqual(500);
        expect(waitMs).toBeLessThanOrEqual(60_000);
      },
    ),
  );
});
