// Calling a backup off. Its upload is aborted, which fences off the host; the host hears of it with its next heartbeat.
import { failedPrecondition } from "../refusal.ts";
import type { Backup, BackupDecision } from "./backup.ts";
import { mayFollow, publicStatus } from "./lifecycle.ts";
import { advance, keep, type Circumstances } from "./transition.ts";

export function requestCancellation(backup: Backup, { nowMs }: Circumstances): BackupDecision {
  if (backup.status === "cancelled") return keep("asked for already");
  if (!mayFollow(backup.status, "cancelled")) {
    const why =
      backup.status === "verifying"
        ? "has sent its archive, which is being completed; delete it when it has ended"
        : `is ${publicStatus(backup.status)}; only a pending or running one can be called off`;
    return {
      kind: "refuse",
      refusal: failedPrecondition(`backup ${backup.backupId} ${why}`),
    };
  }
  return {
    kind: "change",
    backup: advance(backup, "cancelled", nowMs, {
      failure: null,
      upload: null,
      progress: null,
      finishedAtMs: nowMs,
    }),
    who: "caller",
    why: "called off",
    leftover: { objectKey: backup.objectKey, uploadId: null },
  };
}
