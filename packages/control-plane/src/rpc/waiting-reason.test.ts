// Why a pending backup waits, from what is known of its host.
import type { Backup } from "@manman/core/backup/backup.ts";
import type { Server } from "@manman/core/server.ts";
import { expect, test } from "vitest";
import { waitingReason } from "./waiting-reason.ts";

const heartbeatMs = 10_000;
const nowMs = 1_700_000_100_000;

const pending: Backup = {
  backupId: 5n,
  sgcId: 42n,
  sessionId: null,
  serverId: 7n,
  description: "",
  requestId: null,
  status: "pending",
  statusSinceMs: 1_700_000_000_000,
  attempt: 1,
  objectKey: "backups/42/5.tar.gz",
  upload: null,
  report: null,
  progress: null,
  failure: null,
  createdAtMs: 1_700_000_000_000,
  startedAtMs: null,
  finishedAtMs: null,
  dueAtMs: 1_700_000_030_000,
  dueTries: 0,
};

const retried: Backup = {
  ...pending,
  attempt: 2,
  failure: { code: "lease_expired", message: "the host manager was silent for more than 60 s" },
};

function host(lastSeenAtMs: number | null, hostProblem = ""): Server {
  const names = {
    name: "eu-1",
    environment: "production",
    instanceId: null,
    formerInstanceId: null,
  };
  return { serverId: 7n, ...names, isDefault: false, lastSeenAtMs, hostProblem };
}

test.each<[string, Backup, Server | null, string]>([
  ["no host", pending, host(null), "the host manager of server 7 has never registered"],
  [
    "a silent host",
    retried,
    host(nowMs - 30_001),
    "the host manager of server 7 has not been heard of since 2023-11-14T22:14:29.999Z",
  ],
  ["a host that is there", pending, host(nowMs), "the host manager of server 7 has not begun yet"],
  [
    "a host without room",
    retried,
    host(nowMs, "its disk has 1.2 MiB free"),
    "the host manager of server 7 takes no new work on: its disk has 1.2 MiB free",
  ],
  [
    "a silent host that had no room",
    pending,
    host(nowMs - 30_001, "its disk has 1.2 MiB free"),
    "the host manager of server 7 has not been heard of since 2023-11-14T22:14:29.999Z",
  ],
  [
    "a failed attempt",
    retried,
    host(nowMs - 30_000),
    "attempt 2 follows attempt 1, which failed: the host manager was silent for more than 60 s",
  ],
  ["a backup that has begun", { ...pending, status: "running" }, host(null), ""],
])("with %s", (_what, backup, server, reason) => {
  expect(waitingReason(backup, server, nowMs, heartbeatMs)).toBe(reason);
});
