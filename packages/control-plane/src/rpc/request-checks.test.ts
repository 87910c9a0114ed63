// Request checks: what passes, what is refused, and under which field's name.
import { expect, test } from "vitest";
import {
  listOf,
  numberOf,
  optionalId,
  optionalTime,
  refusalFor,
  requiredId,
  textOf,
  type Finding,
} from "./request-checks.ts";

test.each<[string, Finding]>([
  ["an id", requiredId("a", 1n)],
  ["the largest id", requiredId("a", 2n ** 63n - 1n)],
  ["an id left out", optionalId("a", 0n)],
  ["empty text", textOf("a", "", { charsMax: 3 })],
  ["text as long as it may be", textOf("a", "abc", { charsMax: 3 })],
  ["characters outside the basic plane, each counted once", textOf("a", "😀😀😀", { charsMax: 3 })],
  ["a number at its bound", numberOf("a", 65_535, 1, 65_535)],
  ["a time left out", optionalTime("a", 0n)],
  ["the last second of the year 9999", optionalTime("a", 253_402_300_799n)],
  ["a list of good items", listOf("a", [1n, 2n], 2, requiredId)],
])("%s passes", (_what, finding) => {
  expect(refusalFor(finding)).toBeNull();
});

test.each<[string, Finding, string, string]>([
  ["an id of 0", requiredId("backup_id", 0n), "backup_id", "must be given, and is 1 or more"],
  ["a negative id", requiredId("backup_id", -1n), "backup_id", "must be given, and is 1 or more"],
  ["a negative filter", optionalId("a", -1n), "a", "must be 1 or more, or left out"],
  ["long text", textOf("a", "abcd", { charsMax: 3 }), "a", "must have at most 3 characters, not 4"],
  [
    "missing text",
    textOf("name", "", { charsMin: 1, charsMax: 100 }),
    "name",
    "must have 1 to 100 characters, not 0",
  ],
  ["a NUL", textOf("a", "x\0", { charsMax: 3 }), "a", "must not hold a NUL character"],
  ["a number beyond", numberOf("a", 0, 1, 65_535), "a", "must be from 1 to 65535, not 0"],
  ["not a number", numberOf("a", Number.NaN, 1, 2), "a", "must be from 1 to 2, not NaN"],
  [
    "a time before 1970",
    optionalTime("started_after", -1n),
    "started_after",
    "must be a time in unix seconds, or left out",
  ],
  [
    "one item too many",
    listOf("a", [1n, 2n], 1, requiredId),
    "a",
    "must have at most 1 items, not 2",
  ],
  [
    "a bad item",
    listOf("attempts", [1n, 0n], 2, requiredId),
    "attempts[1]",
    "must be given, and is 1 or more",
  ],
])("%s is refused under its field", (_what, finding, field, problem) => {
  expect(refusalFor(finding)).toEqual({
    kind: "invalid-argument",
    violations: [{ field, problem }],
  });
});

test("a request with several mistakes is refused with all of them", () => {
  const refusal = refusalFor(requiredId("a", 0n), null, listOf("b", [0n, 1n, -1n], 3, requiredId));
  expect(refusal).toMatchObject({
    violations: [{ field: "a" }, { field: "b[0]" }, { field: "b[2]" }],
  });
});
