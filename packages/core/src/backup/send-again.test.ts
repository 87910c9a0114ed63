// When the command of a backup that waits is sent again.
import { expect, test } from "vitest";
import type { Backup } from "./backup.ts";
import { defaultBackupLimits } from "./limits.ts";
import { sendAgain } from "./take-over.ts";

const waiting: Backup = {
  backupId: 5n,
  sgcId: 42n,
  sessionId: null,
  serverId: 7n,
  description: "",
  requestId: null,
  status: "pending",
  statusSinceMs: 0,
  attempt: 1,
  objectKey: "backups/42/5.tar.gz",
  upload: null,
  report: null,
  progress: null,
  failure: null,
  createdAtMs: 0,
  startedAtMs: null,
  finishedAtMs: null,
  dueAtMs: 1_000,
  dueTries: 0,
};

test.each([
  [0, 30_000],
  [1, 60_000],
  [3, 240_000],
  [4, 480_000],
  [400, 480_000],
])("after %i looks in vain the next comes in %i ms", (dueTries, waitMs) => {
  const circumstances = { nowMs: 1_000, chance: 0, limits: defaultBackupLimits };
  const decision = sendAgain({ ...waiting, dueTries }, true, circumstances);
  expect(decision).toMatchObject({
    kind: "change",
    backup: { dueAtMs: 1_000 + waitMs, dueTries: dueTries + 1 },
    command: { kind: "backup", backupId: 5n, attempt: 1 },
  });
});
