// The lifecycle table, spelt out once more: a change of one of the two has to be meant.
import { expect, test } from "vitest";
import {
  backupStatuses,
  endedBy,
  following,
  holdsOperation,
  mayFollow,
  publicStatus,
} from "./lifecycle.ts";

test.each([
  ["pending", ["running", "failed", "cancelled"]],
  ["running", ["verifying", "pending", "failed", "cancelled"]],
  ["verifying", ["completed", "pending", "failed"]],
  ["completed", ["deleting"]],
  ["failed", ["deleting"]],
  ["cancelled", ["deleting"]],
  ["deleting", ["deleted"]],
  ["deleted", []],
] as const)("%s may become %j and nothing else", (from, next) => {
  expect(following(from)).toEqual(next);
  expect(backupStatuses.filter((to) => mayFollow(from, to)).toSorted()).toEqual(
    [...next].toSorted(),
  );
});

test("the operation lock is held from birth until the backup has ended", () => {
  expect(backupStatuses.filter(holdsOperation)).toEqual(["pending", "running", "verifying"]);
});

test("every state that somebody must end names who ends it when its owner dies", () => {
  const lasting = backupStatuses.filter((status) => endedBy(status) === null);
  expect(lasting).toEqual(["completed", "failed", "cancelled", "deleted"]);
});

test("only verifying has another name outside", () => {
  expect(backupStatuses.map(publicStatus)).toEqual([
    "pending",
    "running",
    "running",
    "completed",
    "failed",
    "cancelled",
    "deleting",
    "deleted",
  ]);
});

test("every state leads to a tombstone", () => {
  for (const status of backupStatuses) {
    const reached = new Set([status]);
    for (const from of reached) for (const to of following(from)) reached.add(to);
    expect([status, reached.has("deleted")]).toEqual([status, true]);
  }
});
