// What the control plane knows of one backup, and what a rule may answer about it.
import type { HostCommand } from "../host-command.ts";
import type { Refusal } from "../refusal.ts";
import type { BackupStatus } from "./lifecycle.ts";

/** The record of one backup. Times are unix milliseconds of the database's clock; null means unset. */
export type Backup = {
  readonly backupId: bigint;
  readonly sgcId: bigint;
  /** Null when the backup was asked for by server game config, without a session. */
  readonly sessionId: bigint | null;
  readonly serverId: bigint;
  readonly description: string;
  /** The caller's id of the request; unique among backups. */
  readonly requestId: string | null;
  readonly status: BackupStatus;
  /** When it came into its present state. */
  readonly statusSinceMs: number;
  /** The try under way or, in a final state, the last one; from 1. Anything that names a lower one is stale. */
  readonly attempt: number;
  readonly objectKey: string;
  /** Set from claim to the end of the attempt. */
  readonly upload: ClaimedUpload | null;
  /** What the host reported of the finished attempt; set from `verifying` on. */
  readonly report: ArchiveReport | null;
  readonly progress: BackupProgress | null;
  readonly failure: Failure | null;
  readonly createdAtMs: number;
  /** When the present attempt was claimed, or the last one that was. */
  readonly startedAtMs: number | null;
  /** When it reached completed, failed or cancelled. */
  readonly finishedAtMs: number | null;
  /**
   * When the reconciler must look at this record next, whatever its state: the end of a lease, of a backoff or of a wait.
   * Null in states that nobody has to end.
   */
  readonly dueAtMs: number | null;
  /** How often the reconciler worked on the present state without ending it. */
  readonly dueTries: number;
};

/** The multipart upload of the present attempt, and who may send parts to it. */
export type ClaimedUpload = { readonly uploadId: string; readonly instanceId: string };

/** One stored part, as the store acknowledged it. */
export type StoredPart = {
  readonly number: number;
  readonly etag: string;
  readonly sizeBytes: number;
};

/** What a host says of an archive that it has sent whole. */
export type ArchiveReport = {
  /** In ascending order; empty once the backup has ended, since only completing the upload needs them and there may be thousands. */
  readonly parts: readonly StoredPart[];
  readonly sizeBytes: number;
  readonly rawBytes: number;
  readonly files: number;
  /** SHA-256 of the stored bytes, hex. */
  readonly archiveSha256: string;
  readonly warningCount: number;
  /** The first warnings, at most 20. */
  readonly warnings: readonly string[];
  readonly durationMs: number;
};

export type BackupProgress = {
  readonly rawBytesDone: number;
  /** 0 while unknown. */
  readonly rawBytesTotal: number;
  readonly filesDone: number;
  readonly sentBytes: number;
  readonly updatedAtMs: number;
};

/** Why a backup, or its last attempt, failed. The codes are a closed set and travel as they are, so that scripts need not read the message. */
export type Failure = { readonly code: FailureCode; readonly message: string };

export const failureCodes = [
  /** The host has no data directory for the server game config, or it is empty. */
  "source_missing",
  /** A file or folder could not be read. */
  "source_unreadable",
  /** The host could not send to the object store. */
  "store_failed",
  /** The packer ended without a word: killed, out of memory, or a defect. */
  "packer_crashed",
  /** The host manager stopped in the middle of the work. */
  "interrupted",
  /** The host fell silent for longer than a lease. */
  "lease_expired",
  /** The host manager was replaced by another one of its server. */
  "taken_over",
  /** The host did not claim the work before the dispatch deadline. */
  "host_unavailable",
  /** The stored object is not what the host reported. */
  "object_mismatch",
  /** The upload was gone before it could be completed. */
  "upload_vanished",
  /** Something on the host that none of the others names. */
  "host_failed",
] as const;

export type FailureCode = (typeof failureCodes)[number];

/** Who made a transition happen; kept in the event log. */
export type Actor = "caller" | "host" | "reconciler";

/** What a rule answers about one backup that it was shown. */
export type BackupDecision =
  /** No, and nothing changes. */
  | { readonly kind: "refuse"; readonly refusal: Refusal }
  /** Nothing changes: it is as asked for already, or the question comes from the past. */
  | { readonly kind: "keep"; readonly why: string }
  | BackupChange;

/** The next record with everything that must be written in the same transaction. */
export type BackupChange = {
  readonly kind: "change";
  readonly backup: Backup;
  readonly who: Actor;
  /** The reason, for the event log. */
  readonly why: string;
  /** Sent to the backup's host once the change is committed. */
  readonly command?: HostCommand;
  /** What to clear away in the object store, retried until done. */
  readonly leftover?: Leftover;
};

/** Uploads that no longer count: one by its id, or every upload that is still open under the key. */
export type Leftover = { readonly objectKey: string; readonly uploadId: string | null };

/** One transition of a backup, as the event log keeps it. */
export type BackupEvent = {
  /** Counts the backup's events from 1. */
  readonly sequence: number;
  readonly atMs: number;
  /** Null at birth. */
  readonly from: BackupStatus | null;
  readonly to: BackupStatus;
  readonly attempt: number;
  readonly who: Actor;
  readonly why: string;
};
