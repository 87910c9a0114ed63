// What happens to a backup that nobody has moved on in time.
import { expect, test } from "vitest";
import { backupStatuses } from "./lifecycle.ts";
import { sampleBackup, sampleCircumstances, sampleNowMs } from "./sample-backup.ts";
import { lookLater, sendAgain, takeOverExpired, takeOverFrom } from "./take-over.ts";

const online = { isOnline: true, problem: "" };
const away = { isOnline: false, problem: "" };
const full = { isOnline: true, problem: "its disk has 1.2 MiB free" };

const hourMs = 3_600_000;
const command = {
  kind: "backup",
  serverId: 7n,
  sgcId: 42n,
  sessionId: 123n,
  backupId: 5n,
  attempt: 1,
  objectKey: "backups/42/5.tar.gz",
};

test("a lease that has run out ends the attempt, and the next one follows", () => {
  const decision = takeOverExpired(sampleBackup("running"), sampleCircumstances());
  expect(decision).toMatchObject({
    kind: "change",
    backup: { status: "pending", attempt: 2, upload: null, dueAtMs: sampleNowMs + 1_000 },
    who: "reconciler",
    why: "lease_expired: the host manager was silent for more than 60 s",
    leftover: { objectKey: "backups/42/5.tar.gz", uploadId: "upload-1" },
  });
});

test("a lease that was renewed meanwhile goes on", () => {
  const renewed = sampleBackup("running", { dueAtMs: sampleNowMs + 1 });
  expect(takeOverExpired(renewed, sampleCircumstances())).toEqual({
    kind: "keep",
    why: "the lease was renewed",
  });
});

test.each(backupStatuses.filter((status) => status !== "running"))(
  "a backup that is %s has no lease to run out",
  (status) => {
    const decision = takeOverExpired(sampleBackup(status), sampleCircumstances());
    expect(decision).toEqual({ kind: "keep", why: `the backup is ${status}` });
  },
);

test("the command goes out again to a host that is alive", () => {
  const pending = sampleBackup("pending", { dueTries: 2 });
  expect(sendAgain(pending, online, sampleCircumstances())).toEqual({
    kind: "change",
    backup: { ...pending, dueAtMs: sampleNowMs + 120_000, dueTries: 3 },
    who: "reconciler",
    why: "the command is sent again",
    command,
  });
});

test.each([
  [0, 30_000],
  [1, 60_000],
  [3, 240_000],
  [4, 480_000],
  [400, 480_000],
])("after %d looks in vain the next comes in %d ms", (dueTries, waitMs) => {
  const pending = sampleBackup("pending", { dueTries });
  expect(sendAgain(pending, online, sampleCircumstances())).toMatchObject({
    backup: { dueAtMs: sampleNowMs + waitMs, dueTries: dueTries + 1 },
  });
});

test("a host that is away is not sent what its queue holds", () => {
  const pending = sampleBackup("pending", { dueTries: 2 });
  const decision = sendAgain(pending, away, sampleCircumstances());
  expect(decision).toEqual({
    kind: "change",
    backup: { ...pending, dueAtMs: sampleNowMs + 120_000, dueTries: 3 },
    who: "reconciler",
    why: "the host is away; its queue holds the command",
  });
});

test.each([
  [1, 2],
  [2, 0],
])(
  "a host without room is not sent what it would hand back, in attempt %d either",
  (attempt, dueTries) => {
    const pending = sampleBackup("pending", { attempt, dueTries });
    expect(sendAgain(pending, full, sampleCircumstances())).toEqual({
      kind: "change",
      backup: { ...pending, dueAtMs: sampleNowMs + 30_000 },
      who: "reconciler",
      why: "the host takes no new work on: its disk has 1.2 MiB free",
    });
  },
);

test("what a host said before it fell silent holds nothing up", () => {
  const retried = sampleBackup("pending", { attempt: 2 });
  expect(sendAgain(retried, { ...full, isOnline: false }, sampleCircumstances())).toHaveProperty(
    "command",
  );
});

test("a backup that waited in vain for room says so", () => {
  const pending = sampleBackup("pending", { statusSinceMs: sampleNowMs - 24 * hourMs });
  expect(sendAgain(pending, full, sampleCircumstances())).toMatchObject({
    backup: {
      failure: {
        message:
          "no host manager of server 7 claimed it within 24.0 h; it takes no new work on: its disk has 1.2 MiB free",
      },
    },
  });
});

test("the first command of a further attempt goes out whether its host is alive or not", () => {
  const retried = sampleBackup("pending", { attempt: 2 });
  expect(sendAgain(retried, away, sampleCircumstances())).toMatchObject({
    command: { ...command, attempt: 2 },
  });
  const again = sampleBackup("pending", { attempt: 2, dueTries: 1 });
  expect(sendAgain(again, away, sampleCircumstances())).not.toHaveProperty("command");
});

test("a backup that no host claims within the dispatch deadline fails", () => {
  const statusSinceMs = sampleNowMs - 24 * hourMs;
  const pending = sampleBackup("pending", { statusSinceMs, attempt: 2 });
  expect(sendAgain(pending, online, sampleCircumstances())).toMatchObject({
    backup: {
      status: "failed",
      attempt: 2,
      failure: {
        code: "host_unavailable",
        message: "no host manager of server 7 claimed it within 24.0 h",
      },
    },
    leftover: { objectKey: "backups/42/5.tar.gz", uploadId: null },
  });
  const younger = sampleBackup("pending", { statusSinceMs: statusSinceMs + 1 });
  expect(sendAgain(younger, online, sampleCircumstances())).toMatchObject({
    backup: { status: "pending" },
  });
});

test("a backup that somebody looked at meanwhile is left alone", () => {
  const later = sampleBackup("pending", { dueAtMs: sampleNowMs + 1 });
  expect(sendAgain(later, online, sampleCircumstances())).toEqual({
    kind: "keep",
    why: "looked at meanwhile",
  });
});

test.each(backupStatuses.filter((status) => status !== "pending"))(
  "a backup that is %s waits for no host",
  (status) => {
    const decision = sendAgain(sampleBackup(status), online, sampleCircumstances());
    expect(decision).toEqual({ kind: "keep", why: `the backup is ${status}` });
  },
);

test.each([
  [0, 500],
  [1, 1_000],
  [6, 30_000],
  [1_000, 30_000],
])("after %d tries the next look comes no sooner than in %d ms", (dueTries, waitMs) => {
  const verifying = sampleBackup("verifying", { dueTries });
  expect(lookLater(verifying, sampleCircumstances(), "the store is away")).toEqual({
    kind: "change",
    backup: { ...verifying, dueAtMs: sampleNowMs + waitMs, dueTries: dueTries + 1 },
    who: "reconciler",
    why: "the store is away",
  });
});

test("a takeover ends what ran under the host manager, and the next attempt begins at once", () => {
  const running = sampleBackup("running");
  const instanceId = running.upload?.instanceId ?? "";
  expect(takeOverFrom(running, instanceId, sampleCircumstances())).toMatchObject({
    kind: "change",
    backup: { status: "pending", attempt: 2, upload: null, dueAtMs: sampleNowMs },
    who: "caller",
    why: "taken_over: server 7 was taken over from the host manager that worked on it",
    leftover: { objectKey: "backups/42/5.tar.gz", uploadId: "upload-1" },
  });
});

test("a takeover at the last attempt fails the backup with the reason", () => {
  const running = sampleBackup("running", { attempt: sampleCircumstances().limits.attemptsMax });
  const instanceId = running.upload?.instanceId ?? "";
  expect(takeOverFrom(running, instanceId, sampleCircumstances())).toMatchObject({
    kind: "change",
    backup: { status: "failed", failure: { code: "taken_over" }, dueAtMs: null },
  });
});

test("a takeover leaves what the new host manager works on", () => {
  expect(takeOverFrom(sampleBackup("running"), "another", sampleCircumstances())).toEqual({
    kind: "keep",
    why: "another host manager has it by now",
  });
});

test.each(backupStatuses.filter((status) => status !== "running"))(
  "a takeover leaves a backup that is %s",
  (status) => {
    expect(takeOverFrom(sampleBackup(status), "instance-1", sampleCircumstances())).toEqual({
      kind: "keep",
      why: `the backup is ${status}`,
    });
  },
);
