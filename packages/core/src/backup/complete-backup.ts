// From `verifying` to its end: only an object that exists with the reported size makes a backup completed.
import type { Backup, BackupDecision } from "./backup.ts";
import { advance, endAttempt, keep, withoutParts, type Circumstances } from "./transition.ts";

/** What the control plane found in the store after it asked for the upload's completion. */
export type StoreFinding =
  | { readonly kind: "object"; readonly sizeBytes: number }
  /** The upload is gone and there is no object. */
  | { readonly kind: "nothing" }
  /** The store would not make an object of the reported parts, and there is none. */
  | { readonly kind: "refused"; readonly reason: string };

export function concludeBackup(
  backup: Backup,
  attempt: number,
  finding: StoreFinding,
  circumstances: Circumstances,
): BackupDecision {
  if (backup.status !== "verifying" || backup.attempt !== attempt || backup.report === null) {
    return keep(`the backup is ${backup.status} in attempt ${backup.attempt}`);
  }
  if (finding.kind === "nothing") {
    const message = "the upload was gone before it could be completed";
    return endAttempt(
      backup,
      { code: "upload_vanished", message },
      "reconciler",
      "retry",
      circumstances,
    );
  }
  if (finding.kind === "refused") {
    const message = `the store refused the parts that the host reported: ${finding.reason}`;
    return endAttempt(
      backup,
      { code: "object_mismatch", message },
      "reconciler",
      "retry",
      circumstances,
    );
  }
  if (finding.sizeBytes !== backup.report.sizeBytes) {
    const message = `the stored object has ${finding.sizeBytes} bytes, the host sent ${backup.report.sizeBytes}`;
    return endAttempt(
      backup,
      { code: "object_mismatch", message },
      "reconciler",
      "retry",
      circumstances,
    );
  }
  return {
    kind: "change",
    backup: advance(backup, "completed", circumstances.nowMs, {
      failure: null,
      upload: null,
      report: withoutParts(backup.report),
      finishedAtMs: circumstances.nowMs,
    }),
    who: "reconciler",
    why: `the object exists with the reported ${finding.sizeBytes} bytes`,
    leftover: { objectKey: backup.objectKey, uploadId: null },
  };
}
