// Only an object that exists with the reported size makes a backup completed.
import { expect, test } from "vitest";
import { concludeBackup, type StoreFinding } from "./complete-backup.ts";
import { backupStatuses } from "./lifecycle.ts";
import { sampleBackup, sampleCircumstances, sampleNowMs, sampleReport } from "./sample-backup.ts";

const found: StoreFinding = { kind: "object", sizeBytes: 5_243_000 };

test("an object of the reported size completes the backup", () => {
  const verifying = sampleBackup("verifying", {
    attempt: 2,
    failure: { code: "lease_expired", message: "of the attempt before" },
  });
  expect(concludeBackup(verifying, 2, found, sampleCircumstances())).toEqual({
    kind: "change",
    backup: {
      ...verifying,
      status: "completed",
      statusSinceMs: sampleNowMs,
      upload: null,
      report: { ...sampleReport, parts: [] },
      failure: null,
      finishedAtMs: sampleNowMs,
      dueAtMs: null,
    },
    who: "reconciler",
    why: "the object exists with the reported 5243000 bytes",
    leftover: { objectKey: "backups/42/5.tar.gz", uploadId: null },
  });
});

test.each<[string, StoreFinding, string, string]>([
  [
    "an object of another size",
    { kind: "object", sizeBytes: 5_242_999 },
    "object_mismatch",
    "the stored object has 5242999 bytes, the host sent 5243000",
  ],
  [
    "neither upload nor object",
    { kind: "nothing" },
    "upload_vanished",
    "the upload was gone before it could be completed",
  ],
  [
    "parts that the store refuses",
    { kind: "refused", reason: "InvalidPart" },
    "object_mismatch",
    "the store refused the parts that the host reported: InvalidPart",
  ],
])("%s ends the attempt", (_what, finding, code, message) => {
  expect(
    concludeBackup(sampleBackup("verifying"), 1, finding, sampleCircumstances()),
  ).toMatchObject({
    backup: {
      status: "pending",
      attempt: 2,
      report: null,
      upload: null,
      failure: { code, message },
    },
    leftover: { objectKey: "backups/42/5.tar.gz", uploadId: "upload-1" },
  });
  const last = sampleBackup("verifying", { attempt: 5 });
  expect(concludeBackup(last, 5, finding, sampleCircumstances())).toMatchObject({
    backup: { status: "failed", report: { sizeBytes: 5_243_000, parts: [] }, failure: { code } },
    leftover: { objectKey: "backups/42/5.tar.gz", uploadId: null },
  });
});

test("a finding about an attempt that is over changes nothing", () => {
  const verifying = sampleBackup("verifying", { attempt: 2 });
  expect(concludeBackup(verifying, 1, found, sampleCircumstances())).toEqual({
    kind: "keep",
    why: "the backup is verifying in attempt 2",
  });
});

test.each(backupStatuses.filter((status) => status !== "verifying"))(
  "a finding about a backup that is %s changes nothing",
  (status) => {
    expect(concludeBackup(sampleBackup(status), 1, found, sampleCircumstances())).toEqual({
      kind: "keep",
      why: `the backup is ${status} in attempt 1`,
    });
  },
);
