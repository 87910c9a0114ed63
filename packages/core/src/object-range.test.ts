import { expect, test } from "vitest";
import { rangeProblem } from "./object-range.ts";

test.each([
  [0, 1, null],
  [5, 10, null],
  [9_007_199_254_740_991, 10, null],
  [0, 11, "it must have 1 to 10 bytes"],
  [0, 0, "it must have 1 to 10 bytes"],
  [0, 1.5, "it must have 1 to 10 bytes"],
  [-1, 1, "it must begin at byte 0 or later"],
  [0.5, 1, "it must begin at byte 0 or later"],
  [Number.NaN, 1, "it must begin at byte 0 or later"],
])("from byte %d on, %d bytes of at most 10: %s", (offsetBytes, lengthBytes, problem) => {
  expect(rangeProblem({ offsetBytes, lengthBytes }, 10)).toBe(problem);
});
