// When a host counts as online.
import { expect, test } from "vitest";
import { isOnline } from "./server.ts";

test.each([
  ["never heard of", null, false],
  ["heard of just now", 100_000, true],
  ["silent for three heartbeats", 70_000, true],
  ["silent for longer", 69_999, false],
  ["ahead of our clock", 100_500, true],
])("a host %s", (_what, lastSeenAtMs, online) => {
  expect(isOnline({ lastSeenAtMs }, 100_000, 10_000)).toBe(online);
});
