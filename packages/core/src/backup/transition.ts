// Builds the next record of a backup; the only place that writes a status.
import type { HostCommand } from "../host-command.ts";
import { backoffMs } from "../backoff.ts";
import type {
  Actor,
  ArchiveReport,
  Backup,
  BackupChange,
  BackupDecision,
  Failure,
} from "./backup.ts";
import { mayFollow, type BackupStatus } from "./lifecycle.ts";
import type { BackupLimits } from "./limits.ts";

/** What a rule knows besides the record: the database's time, a random number in [0, 1), and the limits in force. */
export type Circumstances = {
  readonly nowMs: number;
  readonly chance: number;
  readonly limits: BackupLimits;
};

type Fields = Partial<Omit<Backup, "backupId" | "sgcId" | "status" | "statusSinceMs">>;

/** The record one step on. A step that the lifecycle does not have is a bug, and throws. */
export function advance(
  backup: Backup,
  status: BackupStatus,
  nowMs: number,
  fields: Fields = {},
): Backup {
  if (!mayFollow(backup.status, status)) {
    throw new Error(`backup ${backup.backupId}: ${backup.status} cannot become ${status}`);
  }
  return { ...backup, dueAtMs: null, dueTries: 0, ...fields, status, statusSinceMs: nowMs };
}

export function keep(why: string): BackupDecision {
  return { kind: "keep", why };
}

/**
 * The present attempt has come to nothing: the next one starts after a backoff, or, when none is left or a retry cannot
 * help, the backup fails. Either way the attempt's upload is fenced off by being aborted.
 */
export function endAttempt(
  backup: Backup,
  failure: Failure,
  who: Actor,
  retry: "retry" | "give-up",
  { nowMs, chance, limits }: Circumstances,
): BackupChange {
  const why = `${failure.code}: ${failure.message}`;
  if (retry === "give-up" || backup.attempt >= limits.attemptsMax) {
    const report = withoutParts(backup.report);
    const ended = { failure, upload: null, report, progress: null, finishedAtMs: nowMs };
    return {
      kind: "change",
      backup: advance(backup, "failed", nowMs, ended),
      who,
      why,
      leftover: { objectKey: backup.objectKey, uploadId: null },
    };
  }
  const waitMs = backoffMs(backup.attempt, limits.attemptBackoff, chance);
  const next = advance(backup, "pending", nowMs, {
    attempt: backup.attempt + 1,
    failure,
    upload: null,
    report: null,
    progress: null,
    dueAtMs: nowMs + waitMs,
  });
  return {
    kind: "change",
    backup: next,
    who,
    why,
    ...(backup.upload === null
      ? {}
      : { leftover: { objectKey: backup.objectKey, uploadId: backup.upload.uploadId } }),
  };
}

/** What stays of a report for good: records are kept for ever and shown in lists, and must not carry thousands of parts. */
export function withoutParts(report: ArchiveReport | null): ArchiveReport | null {
  return report === null ? null : { ...report, parts: [] };
}

/** The command that makes the host work on the present attempt. */
export function backupCommand(backup: Backup): HostCommand {
  return {
    kind: "backup",
    serverId: backup.serverId,
    sgcId: backup.sgcId,
    sessionId: backup.sessionId,
    backupId: backup.backupId,
    attempt: backup.attempt,
    objectKey: backup.objectKey,
  };
}
