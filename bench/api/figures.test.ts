import { expect, test } from "vitest";
import { figuresOf, median, percentile, ratiosByRound } from "./figures.ts";

test("a percentile is one of the values, whatever their order", () => {
  const values = Array.from({ length: 200 }, (_, at) => 200 - at);
  expect(percentile(values, 0.5)).toBe(100);
  expect(percentile(values, 0.99)).toBe(198);
  expect(percentile(values, 1)).toBe(200);
  expect(percentile([7], 0.99)).toBe(7);
});

test("a percentile of nothing is refused", () => {
  expect(() => percentile([], 0.5)).toThrow(RangeError);
});

test("values are ordered as numbers, not as text", () => {
  expect(percentile([9, 10, 100], 0.5)).toBe(10);
});

test("a median of an even number of values is the mean of the middle two", () => {
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([30, 10, 20])).toBe(20);
});

test("a rate counts calls by the time that they took together", () => {
  expect(figuresOf([1, 2, 3, 4], 500)).toEqual({ callsPerSecond: 8, p50Ms: 2, p99Ms: 4 });
});

test("ratios compare within a round, so that a round that was slow for both does not tell", () => {
  expect(ratiosByRound([60, 6, 70], [100, 10, 100])).toEqual({
    median: 0.6,
    least: 0.6,
    most: 0.7,
  });
});

test("ratios of unlike rounds are refused", () => {
  expect(() => ratiosByRound([1], [1, 2])).toThrow(RangeError);
});
