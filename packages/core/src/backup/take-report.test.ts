// What a host's report changes, and what it must not.
import { expect, test } from "vitest";
import { backupStatuses } from "./lifecycle.ts";
import { sampleBackup, sampleCircumstances, sampleNowMs, sampleReport } from "./sample-backup.ts";
import { takeReport, type BackupReport } from "./take-report.ts";

const failure = { code: "store_failed", message: "connection reset" } as const;
const reports: BackupReport[] = [
  { attempt: 1, kind: "running" },
  { attempt: 1, kind: "completed", archive: sampleReport },
  { attempt: 1, kind: "failed", failure, retryable: true },
  { attempt: 1, kind: "failed", failure, retryable: false },
];
const completed = reports[1] as BackupReport;
const failed = reports[2] as BackupReport;

test("a completed attempt is verified at once", () => {
  const running = sampleBackup("running", {
    progress: { rawBytesDone: 1, rawBytesTotal: 2, filesDone: 1, sentBytes: 1, updatedAtMs: 1 },
  });
  expect(takeReport(running, completed, sampleCircumstances())).toEqual({
    kind: "change",
    backup: {
      ...running,
      status: "verifying",
      statusSinceMs: sampleNowMs,
      report: sampleReport,
      progress: null,
      dueAtMs: sampleNowMs,
    },
    who: "host",
    why: "attempt 1 sent 5243000 bytes in 2 parts",
  });
});

test("a failed attempt is tried again after a backoff, and its upload is aborted", () => {
  const running = sampleBackup("running");
  expect(takeReport(running, failed, sampleCircumstances())).toEqual({
    kind: "change",
    backup: {
      ...running,
      status: "pending",
      statusSinceMs: sampleNowMs,
      attempt: 2,
      upload: null,
      failure,
      dueAtMs: sampleNowMs + 1_000,
    },
    who: "host",
    why: "store_failed: connection reset",
    leftover: { objectKey: "backups/42/5.tar.gz", uploadId: "upload-1" },
  });
});

test.each([
  ["a retry cannot help", reports[3] as BackupReport, 1],
  ["no attempt is left", { ...failed, attempt: 5 }, 5],
])(
  "a failed attempt fails the backup when %s, and every upload is aborted",
  (_why, report, attempt) => {
    const running = sampleBackup("running", { attempt });
    expect(takeReport(running, report, sampleCircumstances())).toEqual({
      kind: "change",
      backup: {
        ...running,
        status: "failed",
        statusSinceMs: sampleNowMs,
        upload: null,
        failure,
        finishedAtMs: sampleNowMs,
        dueAtMs: null,
      },
      who: "host",
      why: "store_failed: connection reset",
      leftover: { objectKey: "backups/42/5.tar.gz", uploadId: null },
    });
  },
);

test.each(backupStatuses)(
  "a report of an attempt that is over changes nothing while %s",
  (status) => {
    for (const report of reports) {
      expect(
        takeReport(sampleBackup(status, { attempt: 2 }), report, sampleCircumstances()),
      ).toEqual({
        kind: "keep",
        why: "attempt 1 is over; attempt 2 is the present one",
      });
    }
  },
);

test.each(backupStatuses.filter((status) => status !== "running"))(
  "a report that comes twice, or late, changes nothing while %s",
  (status) => {
    for (const report of reports) {
      const decision = takeReport(sampleBackup(status), report, sampleCircumstances());
      expect(decision.kind).toBe("keep");
    }
  },
);

test("a report that work goes on changes nothing", () => {
  const decision = takeReport(
    sampleBackup("running"),
    { attempt: 1, kind: "running" },
    sampleCircumstances(),
  );
  expect(decision.kind).toBe("keep");
});
