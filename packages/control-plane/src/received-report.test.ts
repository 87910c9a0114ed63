// From the wire's reports to what the rules take.
import type { BackupReport } from "@manman/contract/bus/reports.ts";
import { expect, test } from "vitest";
import { backupReportOf, misdirection, sessionReportOf } from "./received-report.ts";

const report: BackupReport = {
  kind: "status.backup",
  backupId: 5n,
  sgcId: 42n,
  serverId: 7n,
  attempt: 2,
  status: "running",
};

test("a completed report with nothing but what it must have is taken", () => {
  const parts = [{ number: 1, etag: '"e"', sizeBytes: 10 }];
  expect(backupReportOf({ ...report, status: "completed", sizeBytes: 10, parts })).toEqual({
    attempt: 2,
    kind: "completed",
    archive: {
      parts,
      sizeBytes: 10,
      rawBytes: 0,
      files: 0,
      archiveSha256: "",
      warningCount: 0,
      warnings: [],
      durationMs: 0,
    },
  });
});

test.each<[Partial<BackupReport>, object]>([
  [
    { errorCode: "source_missing", errorMessage: "no game/", retryable: false },
    { failure: { code: "source_missing", message: "no game/" }, retryable: false },
  ],
  [
    { errorCode: "gremlins", errorMessage: "they came" },
    { failure: { code: "host_failed", message: "they came" }, retryable: true },
  ],
  [{}, { failure: { code: "host_failed", message: "the host gave no reason" }, retryable: true }],
])("a failed report with %o", (fields, taken) => {
  expect(backupReportOf({ ...report, status: "failed", ...fields })).toEqual({
    attempt: 2,
    kind: "failed",
    ...taken,
  });
});

test("a session's report without an exit code has none", () => {
  const fields = { kind: "status.session", sessionId: 1n, sgcId: 42n, status: "running" } as const;
  expect(sessionReportOf(fields)).toEqual({ status: "running", exitCode: null, errorMessage: "" });
});

test("a report that contradicts the record is found out", () => {
  const record = { sgcId: 42n, serverId: 7n };
  expect(misdirection(report, record)).toBeNull();
  expect(misdirection({ sgcId: 42n }, record)).toBeNull();
  expect(misdirection({ ...report, sgcId: 43n }, record)).toBe(
    "sgc_id: 43 is not 42, which the record has",
  );
  expect(misdirection({ ...report, serverId: 8n }, record)).toBe(
    "server_id: 8 is not 7, which the record has",
  );
});
