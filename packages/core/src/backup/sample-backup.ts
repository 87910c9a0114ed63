// Backups that tests begin with: one that is whole in each state.
import type { ArchiveReport, Backup } from "./backup.ts";
import type { BackupStatus } from "./lifecycle.ts";
import { defaultBackupLimits } from "./limits.ts";
import type { Circumstances } from "./transition.ts";

/** The moment that samples were last looked at, and that rules are asked at unless a test says otherwise. */
export const sampleNowMs = 1_800_000_000_000;

export const sampleReport: ArchiveReport = {
  parts: [
    { number: 1, etag: '"a"', sizeBytes: 5_242_880 },
    { number: 2, etag: '"b"', sizeBytes: 120 },
  ],
  sizeBytes: 5_243_000,
  rawBytes: 9_000_000,
  files: 12,
  archiveSha256: "ab".repeat(32),
  warningCount: 0,
  warnings: [],
  durationMs: 1_500,
};

/** Backup 5 of game 42 on server 7, in its first attempt; due now where its state is one that somebody ends. */
export function sampleBackup(status: BackupStatus, fields: Partial<Backup> = {}): Backup {
  const isUnderWay = status === "pending" || status === "running" || status === "verifying";
  const hasUpload = status === "running" || status === "verifying";
  return {
    backupId: 5n,
    sgcId: 42n,
    sessionId: 123n,
    serverId: 7n,
    description: "Before update",
    requestId: null,
    status,
    statusSinceMs: sampleNowMs - 10_000,
    attempt: 1,
    objectKey: "backups/42/5.tar.gz",
    upload: hasUpload ? { uploadId: "upload-1", instanceId: "instance-1" } : null,
    report: status === "verifying" || status === "completed" ? sampleReport : null,
    progress: null,
    failure:
      status === "failed" ? { code: "interrupted", message: "the host manager stopped" } : null,
    createdAtMs: sampleNowMs - 60_000,
    startedAtMs: status === "pending" ? null : sampleNowMs - 30_000,
    finishedAtMs: isUnderWay ? null : sampleNowMs - 5_000,
    dueAtMs: isUnderWay || status === "deleting" ? sampleNowMs : null,
    dueTries: 0,
    ...fields,
  };
}

export function sampleCircumstances(fields: Partial<Circumstances> = {}): Circumstances {
  return { nowMs: sampleNowMs, chance: 0, limits: defaultBackupLimits, ...fields };
}
