// A fault keeps its context and its cause, and says whether a retry can help.
import { expect, test } from "vitest";
import { Fault, isAway, wordsOf } from "./fault.ts";

test("a fault reads as its context and the cause's own words", () => {
  const cause = new Error("connection reset");
  const fault = new Fault("away", "upload backups/42/5.tar.gz part 3", cause);
  expect(fault.message).toBe("upload backups/42/5.tar.gz part 3: connection reset");
  expect(fault.cause).toBe(cause);
  expect(new Fault("missing", "no such upload").message).toBe("no such upload");
});

test.each([
  ["away", true],
  ["missing", false],
  ["rejected", false],
  ["corrupt", false],
  ["exhausted", false],
] as const)("whether a retry of the same call can help with %s: %s", (kind, retryable) => {
  expect(new Fault(kind, "a call").retryable).toBe(retryable);
  expect(isAway(new Fault(kind, "a call"))).toBe(retryable);
});

test("an error that says nothing of itself is nothing that is away", () => {
  expect(isAway(new Error("away"))).toBe(false);
});

test.each([
  [new Error("refused"), "refused"],
  [new TypeError(""), "TypeError"],
  ["a string", "a string"],
  [undefined, "undefined"],
  [new AggregateError([new Error("by IPv4"), new Error("by IPv6")]), "by IPv4; by IPv6"],
  [new AggregateError([new Error("one")], "all of them"), "all of them"],
])("the words of %s", (thrown, words) => {
  expect(wordsOf(thrown)).toBe(words);
});
