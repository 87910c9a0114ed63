import { create } from "@bufbuild/protobuf";
import { BackupSchema } from "@manman/contract/generated/manman/v1/backup_pb.ts";
import { expect, test } from "vitest";
import { progressText } from "./progress-line.ts";

test("a pending backup says why it waits", () => {
  const backup = create(BackupSchema, {
    backupId: 5n,
    status: "pending",
    waitingReason: "server 7 was last seen 3 minutes ago",
  });
  expect(progressText(backup, 200)).toBe(
    "backup 5: pending (server 7 was last seen 3 minutes ago)",
  );
});

test("a running backup shows a bar once its whole is known", () => {
  const backup = create(BackupSchema, {
    backupId: 5n,
    status: "running",
    attempt: 2,
    progress: {
      rawBytesDone: 50_000_000n,
      rawBytesTotal: 100_000_000n,
      filesDone: 120n,
      sentBytes: 20_000_000n,
    },
  });
  expect(progressText(backup, 200)).toBe(
    "backup 5: running (attempt 2) ████████████░░░░░░░░░░░░ 50% of 100.0 MB, 120 files, 20.0 MB sent",
  );
});

test("a line never reaches the terminal's last column", () => {
  const backup = create(BackupSchema, {
    backupId: 5n,
    status: "pending",
    waitingReason: "x".repeat(500),
  });
  expect(progressText(backup, 80)).toHaveLength(79);
});
