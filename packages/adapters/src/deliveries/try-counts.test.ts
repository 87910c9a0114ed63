import { expect, test } from "vitest";
import { tryCounts } from "./try-counts.ts";

test("each message is counted by itself, until it is forgotten", () => {
  const counts = tryCounts(10);
  expect([counts.add("a"), counts.add("a"), counts.add("b")]).toEqual([1, 2, 1]);
  counts.forget("a");
  expect([counts.add("a"), counts.add("b")]).toEqual([1, 2]);
});

test("beyond the bound the message counted longest ago is forgotten", () => {
  const counts = tryCounts(2);
  counts.add("a");
  counts.add("b");
  counts.add("a");
  counts.add("c");
  expect([counts.add("a"), counts.add("b")]).toEqual([3, 1]);
});
