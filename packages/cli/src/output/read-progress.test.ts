import { expect, test } from "vitest";
import { readText } from "./read-progress.ts";

test("progress is a share of what will be read, and never more than all of it", () => {
  expect(readText("extracting", 340_000_000, 1_000_000_000)).toBe("extracting: 34% of 1.0 GB read");
  // What was read ahead, or twice.
  expect(readText("verifying", 1_100, 1_000)).toBe("verifying: 100% of 1.0 KB read");
});

test("where nobody knows how much it will be, it is what has been read", () => {
  expect(readText("extracting", 34_000_000, undefined)).toBe("extracting: 34.0 MB read");
});
