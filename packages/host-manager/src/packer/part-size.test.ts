import { expect, test } from "vitest";
import { partsInFlight, partSizeBytes, partsMax } from "./part-size.ts";

const mib = 1024 ** 2;
const tib = 1024 ** 4;

test.each<[number, number, number, number]>([
  // number, least MiB, expected MiB, MiB
  [1, 8, 0, 8],
  [5_000, 8, 0, 8],
  [5_001, 8, 0, 16],
  [5_500, 8, 0, 16],
  [5_501, 8, 0, 32],
  [10_000, 8, 0, 5_120],
  [10_000, 16, 0, 5_120],
  [1, 64, 0, 64],
  [1, 8, 64_000, 8],
  [1, 8, 64_001, 9],
  [1, 8, 1_048_576, 132],
  [7_500, 8, 1_048_576, 256],
])("part %i from %i MiB on, %i MiB expected, has %i MiB", (number, least, expected, size) => {
  expect(partSizeBytes(number, least * mib, expected * mib)).toBe(size * mib);
});

test.each([
  [8, 0],
  [64, 0],
  [512, 0],
  [8, 100 * 1024 ** 3],
  [8, 5 * tib],
])("10,000 parts from %i MiB on hold 5 TiB when %i bytes are expected", (least, expected) => {
  const sizes = Array.from({ length: partsMax }, (_, at) =>
    partSizeBytes(at + 1, least * mib, expected),
  );
  expect(sizes.reduce((total, size) => total + size, 0)).toBeGreaterThan(5 * tib);
  expect(sizes).toEqual(sizes.toSorted((a, b) => a - b));
  expect(sizes.at(-1)).toBeLessThanOrEqual(5 * 1024 * mib);
});

test("an archive of the expected size needs at most 8,001 parts", () => {
  const expected = 3 * tib;
  let [total, number] = [0, 0];
  while (total < expected) total += partSizeBytes((number += 1), 8 * mib, expected);
  expect(number).toBeLessThanOrEqual(8_001);
});

test.each<[number, number]>([
  [8, 2],
  [21, 2],
  [22, 1],
  [5_120, 1],
])("while a part of %i MiB is filled, %i others are on their way within 64 MiB", (size, count) => {
  expect(partsInFlight(size * mib, 64 * mib)).toBe(count);
});
