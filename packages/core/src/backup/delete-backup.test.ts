// Deletion in two steps.
import { expect, test } from "vitest";
import { concludeDeletion, requestDeletion } from "./delete-backup.ts";
import { backupStatuses } from "./lifecycle.ts";
import { sampleBackup, sampleCircumstances, sampleNowMs } from "./sample-backup.ts";

test.each(["completed", "failed", "cancelled"] as const)(
  "a backup that is %s can be deleted at once, and keeps saying how it ended",
  (status) => {
    const ended = sampleBackup(status);
    expect(requestDeletion(ended, sampleCircumstances())).toEqual({
      kind: "change",
      backup: { ...ended, status: "deleting", statusSinceMs: sampleNowMs, dueAtMs: sampleNowMs },
      who: "caller",
      why: "deletion was asked for",
    });
  },
);

test.each(["pending", "running", "verifying"] as const)(
  "a backup that is %s is not deleted under those who work on it",
  (status) => {
    expect(requestDeletion(sampleBackup(status), sampleCircumstances())).toEqual({
      kind: "refuse",
      refusal: {
        kind: "failed-precondition",
        why: "backup 5 is under way (attempt 1); delete it when it has ended",
      },
    });
  },
);

test.each(["deleting", "deleted"] as const)("asking again while %s changes nothing", (status) => {
  expect(requestDeletion(sampleBackup(status), sampleCircumstances())).toEqual({
    kind: "keep",
    why: "asked for already",
  });
});

test("the record stays as a tombstone when its object is gone", () => {
  const deleting = sampleBackup("deleting", { dueTries: 3 });
  expect(concludeDeletion(deleting, sampleCircumstances())).toEqual({
    kind: "change",
    backup: {
      ...deleting,
      status: "deleted",
      statusSinceMs: sampleNowMs,
      dueAtMs: null,
      dueTries: 0,
    },
    who: "reconciler",
    why: "the object is gone",
  });
});

test.each(backupStatuses.filter((status) => status !== "deleting"))(
  "a backup that is %s does not become a tombstone",
  (status) => {
    expect(concludeDeletion(sampleBackup(status), sampleCircumstances()).kind).toBe("keep");
  },
);
