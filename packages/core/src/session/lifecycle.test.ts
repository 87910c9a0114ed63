// The table of a session's states, spelt out once more: a change of one of the two has to be meant.
import { expect, test } from "vitest";
import { liveStatuses, sessionMayFollow, sessionStatuses } from "./lifecycle.ts";

test.each([
  ["pending", ["starting", "running", "stopping", "stopped", "crashed", "completed"]],
  ["starting", ["running", "stopping", "stopped", "crashed", "completed"]],
  ["running", ["stopping", "stopped", "crashed", "completed"]],
  ["stopping", ["stopped", "crashed", "completed"]],
  ["stopped", []],
  ["crashed", []],
  ["completed", []],
] as const)("%s may become %j and nothing else", (from, next) => {
  expect(sessionStatuses.filter((to) => sessionMayFollow(from, to))).toEqual(next);
});

test("a session may have a process until it has ended", () => {
  expect(liveStatuses).toEqual(["pending", "starting", "running", "stopping"]);
});
