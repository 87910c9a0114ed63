// What callers see of a backup in each of its states.
import type { Backup } from "@manman/core/backup/backup.ts";
import type { BackupStatus } from "@manman/core/backup/lifecycle.ts";
import { expect, test } from "vitest";
import { backupListMessage, backupMessage } from "./backup-message.ts";

const surroundings = { urlOf: (key: string) => `s3://bucket/${key}`, waitingReason: "" };

const verifying: Backup = {
  backupId: 5n,
  sgcId: 42n,
  sessionId: null,
  serverId: 7n,
  description: "Before update",
  requestId: null,
  status: "verifying",
  statusSinceMs: 1_700_000_060_000,
  attempt: 2,
  objectKey: "backups/42/5.tar.gz",
  upload: { uploadId: "u", instanceId: "i" },
  report: {
    parts: [{ number: 1, etag: '"e"', sizeBytes: 1_000 }],
    sizeBytes: 1_000,
    rawBytes: 4_000,
    files: 12,
    archiveSha256: "ab".repeat(32),
    warningCount: 30,
    warnings: ["game/log changed while it was read"],
    durationMs: 900,
  },
  progress: null,
  failure: null,
  createdAtMs: 1_700_000_000_999,
  startedAtMs: 1_700_000_010_000,
  finishedAtMs: null,
  dueAtMs: 1_700_000_070_000,
  dueTries: 0,
};

const completed: Backup = {
  ...verifying,
  status: "completed",
  upload: null,
  finishedAtMs: 1_700_000_065_500,
};

const failed: Backup = {
  ...verifying,
  status: "failed",
  failure: { code: "object_mismatch", message: "the stored object has 1 bytes" },
  finishedAtMs: 1_700_000_065_500,
};

test("a completed backup shows its archive, with times in whole seconds", () => {
  expect(backupMessage(completed, surroundings)).toEqual({
    backupId: 5n,
    sessionId: 0n,
    serverGameConfigId: 42n,
    s3Url: "s3://bucket/backups/42/5.tar.gz",
    sizeBytes: 1_000n,
    description: "Before update",
    createdAt: 1_700_000_000n,
    status: "completed",
    errorMessage: "",
    errorCode: "",
    attempt: 2,
    serverId: 7n,
    startedAt: 1_700_000_010n,
    finishedAt: 1_700_000_065n,
    files: 12n,
    rawBytes: 4_000n,
    archiveSha256: "ab".repeat(32),
    warningCount: 30,
    warnings: ["game/log changed while it was read"],
    requestId: "",
    waitingReason: "",
  });
});

test("a page leaves the warnings' texts out, and keeps their number", () => {
  const message = backupListMessage(completed, surroundings);
  expect(message.warnings).toBeUndefined();
  expect(message.warningCount).toBe(30);
});

test("a backup that is being checked reads running, and shows no archive as yet", () => {
  expect(backupMessage(verifying, surroundings)).toMatchObject({
    status: "running",
    s3Url: "",
    sizeBytes: 0n,
    archiveSha256: "",
    finishedAt: 0n,
  });
});

test("a failed backup says why, and shows nothing of the archive that was refused", () => {
  expect(backupMessage(failed, surroundings)).toMatchObject({
    status: "failed",
    s3Url: "",
    sizeBytes: 0n,
    errorMessage: "the stored object has 1 bytes",
    errorCode: "object_mismatch",
  });
});

test("a retried backup does not read as failed for its last attempt", () => {
  const pending: Backup = { ...failed, status: "pending", report: null, finishedAtMs: null };
  expect(backupMessage(pending, surroundings)).toMatchObject({ errorMessage: "", errorCode: "" });
});

test.each<[BackupStatus, string]>([
  ["deleting", "s3://bucket/backups/42/5.tar.gz"],
  ["deleted", ""],
])("a %s backup keeps its figures", (status, s3Url) => {
  expect(backupMessage({ ...completed, status }, surroundings)).toMatchObject({
    status,
    s3Url,
    sizeBytes: 1_000n,
    files: 12n,
  });
});

test("a deleted backup that had failed still says why", () => {
  expect(backupMessage({ ...failed, status: "deleted" }, surroundings)).toMatchObject({
    errorCode: "object_mismatch",
    sizeBytes: 0n,
  });
});

test("a running backup shows how far it is", () => {
  const running: Backup = {
    ...verifying,
    status: "running",
    report: null,
    progress: {
      rawBytesDone: 10,
      rawBytesTotal: 40,
      filesDone: 3,
      sentBytes: 4,
      updatedAtMs: 1_700_000_020_000,
    },
  };
  expect(backupMessage(running, surroundings).progress).toEqual({
    rawBytesDone: 10n,
    rawBytesTotal: 40n,
    filesDone: 3n,
    sentBytes: 4n,
    updatedAt: 1_700_000_020n,
  });
});
