import { expect, test } from "vitest";
import { growthBetween, leastOf, type ProcessSample } from "./growth.ts";

const before: ProcessSample = {
  name: "control-plane-1",
  heapBytes: 20_000_000,
  descriptors: 40,
  resources: 30,
  timers: 10,
  residentBytes: 100_000_000,
};

test("a tenth more, any less, and what is told for information, is no growth", () => {
  const after = { ...before, heapBytes: 22_000_000, descriptors: 44, resources: 3 };
  expect(growthBetween([before], [{ ...after, residentBytes: 900_000_000, timers: 90 }])).toEqual(
    [],
  );
});

test("each figure that is more than a tenth above is told with both", () => {
  const after = { ...before, heapBytes: 22_200_000, descriptors: 45, resources: 34 };
  expect(growthBetween([before], [after])).toEqual([
    "control-plane-1: heapBytes grew by 11.0 %, from 20000000 to 22200000",
    "control-plane-1: descriptors grew by 12.5 %, from 40 to 45",
    "control-plane-1: resources grew by 13.3 %, from 30 to 34",
  ]);
});

test("a process that is not there at the end is told", () => {
  expect(growthBetween([before], [])).toEqual(["control-plane-1 was not measured at the end"]);
});

test("the least of some looks is taken figure by figure", () => {
  const looks = [
    { ...before, heapBytes: 5, descriptors: 9 },
    { ...before, heapBytes: 6, descriptors: 8 },
  ];
  expect(leastOf(looks)).toEqual({ ...before, heapBytes: 5, descriptors: 8 });
});
