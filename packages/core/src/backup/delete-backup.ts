// Deletion in two steps: the record says `deleting` at once, and becomes a tombstone when the store has let go.
import { failedPrecondition } from "../refusal.ts";
import type { Backup, BackupDecision } from "./backup.ts";
import { mayFollow } from "./lifecycle.ts";
import { advance, keep, type Circumstances } from "./transition.ts";

export function requestDeletion(backup: Backup, { nowMs }: Circumstances): BackupDecision {
  if (backup.status === "deleting" || backup.status === "deleted") return keep("asked for already");
  if (!mayFollow(backup.status, "deleting")) {
    return {
      kind: "refuse",
      refusal: failedPrecondition(
        `backup ${backup.backupId} is under way (attempt ${backup.attempt}); delete it when it has ended`,
      ),
    };
  }
  return {
    kind: "change",
    backup: advance(backup, "deleting", nowMs, { dueAtMs: nowMs }),
    who: "caller",
    why: "deletion was asked for",
  };
}

/** The object and its manifest are gone from the store. */
export function concludeDeletion(backup: Backup, { nowMs }: Circumstances): BackupDecision {
  if (backup.status !== "deleting") return keep(`the backup is ${backup.status}`);
  return {
    kind: "change",
    backup: advance(backup, "deleted", nowMs),
    who: "reconciler",
    why: "the object is gone",
  };
}
