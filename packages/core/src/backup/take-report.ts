// What a host's report changes. A report that comes twice, late, or from an attempt that is over changes nothing.
import type { ArchiveReport, Backup, BackupDecision, Failure } from "./backup.ts";
import { advance, endAttempt, keep, type Circumstances } from "./transition.ts";

export type BackupReport = { readonly attempt: number } & (
  | { readonly kind: "running" }
  | { readonly kind: "completed"; readonly archive: ArchiveReport }
  | { readonly kind: "failed"; readonly failure: Failure; readonly retryable: boolean }
);

export function takeReport(
  backup: Backup,
  report: BackupReport,
  circumstances: Circumstances,
): BackupDecision {
  if (report.attempt !== backup.attempt) {
    return keep(`attempt ${report.attempt} is over; attempt ${backup.attempt} is the present one`);
  }
  if (report.kind === "running") return keep("the claim said so already");
  if (backup.status !== "running") return keep(`the backup is ${backup.status}`);
  if (report.kind === "failed") {
    const retry = report.retryable ? "retry" : "give-up";
    return endAttempt(backup, report.failure, "host", retry, circumstances);
  }
  return {
    kind: "change",
    backup: advance(backup, "verifying", circumstances.nowMs, {
      report: report.archive,
      progress: null,
      dueAtMs: circumstances.nowMs,
    }),
    who: "host",
    why: `attempt ${backup.attempt} sent ${report.archive.sizeBytes} bytes in ${report.archive.parts.length} parts`,
  };
}
