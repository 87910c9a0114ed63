import { expect, test } from "vitest";
import { byTimeOfDeath, deadLetterReason } from "./dead-letter.ts";

test("letters stand in the order in which they died, and those of one moment in that of their ids", () => {
  const places = [
    { atMs: 2, deadLetterId: "a" },
    { atMs: 1, deadLetterId: "c" },
    { atMs: 1, deadLetterId: "b" },
    { atMs: 0, deadLetterId: "d" },
  ];
  expect(places.toSorted(byTimeOfDeath).map(({ deadLetterId }) => deadLetterId)).toEqual([
    "d",
    "b",
    "c",
    "a",
  ]);
});

test("a reason is one line of at most a thousand characters", () => {
  expect(deadLetterReason("status: must be\n  one of three")).toBe("status: must be one of three");
  expect(deadLetterReason("x".repeat(1_001))).toHaveLength(1_000);
});
