// From a report as it came over the bus to what the rules take.
import type { BackupReport, SessionReport } from "@manman/contract/bus/reports.ts";
import { failureCodes, type FailureCode } from "@manman/core/backup/backup.ts";
import type { BackupReport as TakenReport } from "@manman/core/backup/take-report.ts";
import type { SessionReport as TakenSessionReport } from "@manman/core/session/take-session-report.ts";

export function backupReportOf(report: BackupReport): TakenReport {
  const { attempt } = report;
  if (report.status === "running") return { attempt, kind: "running" };
  if (report.status === "failed") {
    const code = failureCode(report.errorCode);
    const message = report.errorMessage ?? "the host gave no reason";
    return {
      attempt,
      kind: "failed",
      failure: { code, message },
      retryable: report.retryable ?? true,
    };
  }
  const warnings = report.warnings ?? [];
  return {
    attempt,
    kind: "completed",
    archive: {
      parts: report.parts ?? [],
      sizeBytes: report.sizeBytes ?? 0,
      rawBytes: report.rawBytes ?? 0,
      files: report.files ?? 0,
      archiveSha256: report.archiveSha256 ?? "",
      warningCount: report.warningCount ?? warnings.length,
      warnings,
      durationMs: report.durationMs ?? 0,
    },
  };
}

export function sessionReportOf(report: SessionReport): TakenSessionReport {
  return {
    status: report.status,
    exitCode: report.exitCode ?? null,
    errorMessage: report.errorMessage ?? "",
  };
}

/** What in a report contradicts the record that it names; null where nothing does. */
export function misdirection(
  report: { readonly sgcId: bigint; readonly serverId?: bigint },
  record: { readonly sgcId: bigint; readonly serverId: bigint },
): string | null {
  if (report.sgcId !== record.sgcId) {
    return `sgc_id: ${report.sgcId} is not ${record.sgcId}, which the record has`;
  }
  if (report.serverId !== undefined && report.serverId !== record.serverId) {
    return `server_id: ${report.serverId} is not ${record.serverId}, which the record has`;
  }
  return null;
}

/** A code that is not in the set counts as the host's own. */
function failureCode(word: string | undefined): FailureCode {
  return failureCodes.find((known) => known === word) ?? "host_failed";
}
