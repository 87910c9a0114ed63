// BackupRecords.change, and the lock, commands and leftovers that go with it.
import { concludeBackup } from "@manman/core/backup/complete-backup.ts";
import { backupCommand } from "@manman/core/backup/transition.ts";
import { takeReport } from "@manman/core/backup/take-report.ts";
import type { ArchiveReport } from "@manman/core/backup/backup.ts";
import { describe, expect, test } from "vitest";
import type { MakeRecords } from "../records.ts";
import {
  birthOf,
  changed,
  circumstances,
  farOffMs,
  leaseMs,
  pendingBackup,
  present,
  rewritten,
  runningBackup,
  takenMessages,
} from "./fixtures.ts";

const archive: ArchiveReport = {
  parts: [
    { number: 1, etag: '"a1"', sizeBytes: 5_242_880 },
    { number: 2, etag: '"b2"', sizeBytes: 17 },
  ],
  sizeBytes: 5_242_897,
  rawBytes: 9_000_000_000_000,
  files: 3,
  archiveSha256: "ab".repeat(32),
  warningCount: 1,
  warnings: ["game/odd \0 name \udc00: a socket"],
  durationMs: 1_234,
};

export function backupChangeConformance(makeRecords: MakeRecords): void {
  describe("changes of backups", () => {
    writeConformance(makeRecords);
    consequenceConformance(makeRecords);
  });
}

function writeConformance(makeRecords: MakeRecords): void {
  test("an unknown backup is no backup", async () => {
    const records = await makeRecords();
    expect(await records.backups.get(404n)).toBeNull();
    expect(
      await records.backups.change(404n, () => {
        throw new Error("a rule was asked");
      }),
    ).toBeNull();
  });

  test("a rule under a server is shown it with the backup, and what it answers is written", async () => {
    const records = await makeRecords();
    const { backupId, serverId } = await pendingBackup(records);
    const server = await records.servers.get(serverId);
    const outcome = await records.backups.changeUnder(serverId, backupId, (shown) => {
      expect(shown.server).toEqual(server);
      return rewritten(shown.backup, { dueTries: 3 });
    });
    expect(outcome?.record).toMatchObject({ backupId, dueTries: 3 });
    expect(await records.backups.get(backupId)).toEqual(outcome?.record);
    const under = async (aServerId: bigint, aBackupId: bigint) =>
      await records.backups.changeUnder(aServerId, aBackupId, (shown) => {
        expect(shown.server).toBeNull();
        return { kind: "keep", why: "a test" };
      });
    expect(await under(serverId + 1n, backupId)).toMatchObject({ decision: { kind: "keep" } });
    expect(await under(serverId, 404n)).toBeNull();
  });

  test("the events of a backup come in order, from any place on, and no more than asked for", async () => {
    const records = await makeRecords();
    const { backupId } = await runningBackup(records);
    const events = await records.backups.events(backupId, 0, 10);
    expect(events.map(({ sequence, from, to, who }) => ({ sequence, from, to, who }))).toEqual([
      { sequence: 1, from: null, to: "pending", who: "caller" },
      { sequence: 2, from: "pending", to: "running", who: "host" },
    ]);
    expect(events[1]?.atMs).toBeGreaterThanOrEqual(events[0]?.atMs ?? Infinity);
    expect(await records.backups.events(backupId, 1, 10)).toEqual(events.slice(1));
    expect(await records.backups.events(backupId, 0, 1)).toEqual(events.slice(0, 1));
    expect(await records.backups.events(404n, 0, 10)).toEqual([]);
  });

  test("a rule is shown the record with the database's time, and what it answers is written", async () => {
    const records = await makeRecords();
    const before = await pendingBackup(records);
    let shownMs = 0;
    const outcome = await records.backups.change(before.backupId, (backup, nowMs) => {
      expect(backup).toEqual(before);
      shownMs = nowMs;
      return rewritten(backup, { dueAtMs: nowMs + 1_500, dueTries: 3 });
    });
    expect(shownMs).toBeGreaterThanOrEqual(before.createdAtMs);
    const after = { ...before, dueAtMs: shownMs + 1_500, dueTries: 3 };
    expect(outcome).toEqual({
      record: after,
      decision: { kind: "change", backup: after, who: "reconciler", why: "a test" },
    });
    expect(await records.backups.get(before.backupId)).toEqual(after);
  });

  test("every field of a life comes back as it was written", async () => {
    const records = await makeRecords();
    const running = await runningBackup(records);
    expect(running).toMatchObject({
      status: "running",
      upload: { uploadId: "upload-1", instanceId: "instance-1" },
      dueAtMs: present(running.startedAtMs) + leaseMs,
    });
    expect(await records.backups.get(running.backupId)).toEqual(running);
    const verifying = await changed(records, running.backupId, (backup, nowMs) =>
      takeReport(backup, { kind: "completed", attempt: 1, archive }, circumstances(nowMs)),
    );
    const kept = present(await records.backups.get(running.backupId));
    expect(kept).toEqual({
      ...verifying,
      report: { ...archive, warnings: ["game/odd \ufffd name \ufffd: a socket"] },
    });
    const completed = await changed(records, running.backupId, (backup, nowMs) =>
      concludeBackup(backup, 1, { kind: "object", sizeBytes: 5_242_897 }, circumstances(nowMs)),
    );
    expect(completed).toMatchObject({ status: "completed", upload: null, dueAtMs: null });
    expect(present(completed.report).parts).toEqual([]);
    expect(await records.backups.get(running.backupId)).toEqual(completed);
  });

  test("a failure's words come back as far as they can be kept", async () => {
    const records = await makeRecords();
    const { backupId } = await runningBackup(records);
    const failure = { code: "source_unreadable", message: "game/\0\ud800: EACCES" } as const;
    const failed = await changed(records, backupId, (backup, nowMs) =>
      takeReport(
        backup,
        { kind: "failed", attempt: 1, failure, retryable: false },
        circumstances(nowMs),
      ),
    );
    expect(failed.failure).toEqual({
      code: "source_unreadable",
      message: "game/\ufffd\ufffd: EACCES",
    });
    expect(await records.backups.get(backupId)).toEqual(failed);
  });

  test.each([
    { kind: "keep", why: "a test" },
    { kind: "refuse", refusal: { kind: "failed-precondition", why: "a test" } },
  ] as const)("a rule that answers $kind changes nothing", async (decision) => {
    const records = await makeRecords();
    const before = await pendingBackup(records);
    const outcome = await records.backups.change(before.backupId, () => decision);
    expect(outcome).toEqual({ record: before, decision });
    expect(await records.backups.get(before.backupId)).toEqual(before);
  });

  test("a rule that throws changes nothing, and the record stays free for others", async () => {
    const records = await makeRecords();
    const { backupId } = await pendingBackup(records);
    await expect(
      records.backups.change(backupId, () => {
        throw new Error("a defect");
      }),
    ).rejects.toThrow("a defect");
    await changed(records, backupId, (backup) => rewritten(backup, { dueTries: 1 }));
  });

  test("a rule that changes what makes the backup this backup is a defect, and writes nothing", async () => {
    const records = await makeRecords();
    const before = await pendingBackup(records);
    const rule = async () =>
      await records.backups.change(before.backupId, (backup) =>
        rewritten(backup, { objectKey: "elsewhere" }),
      );
    await expect(rule()).rejects.toThrow("objectKey");
    expect(await records.backups.get(before.backupId)).toEqual(before);
  });

  test("thirty changes of one backup at the same moment follow each other", async () => {
    const records = await makeRecords();
    const { backupId } = await pendingBackup(records);
    const times: number[] = [];
    await Promise.all(
      Array.from(
        { length: 30 },
        async () =>
          await records.backups.change(backupId, (backup, nowMs) => {
            times.push(nowMs);
            return rewritten(backup, { dueTries: backup.dueTries + 1 });
          }),
      ),
    );
    expect(await records.backups.get(backupId)).toMatchObject({ dueTries: 30 });
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });
}

function consequenceConformance(makeRecords: MakeRecords): void {
  test("the operation lock is held until the backup has ended, and another can begin then", async () => {
    const records = await makeRecords();
    const running = await runningBackup(records);
    const birth = birthOf({ ...running, configId: 0n, portBindings: [], status: "active" });
    expect(await records.backups.create([birth], farOffMs)).toEqual([null]);
    const failure = { code: "source_missing", message: "no such directory" } as const;
    await changed(records, running.backupId, (backup, nowMs) =>
      takeReport(
        backup,
        { kind: "failed", attempt: 1, failure, retryable: true },
        circumstances(nowMs),
      ),
    );
    expect(await records.backups.operation(running.sgcId)).not.toBeNull();
    await changed(records, running.backupId, (backup, nowMs) =>
      rewritten(backup, { status: "cancelled", dueAtMs: null, finishedAtMs: nowMs }),
    );
    expect(await records.backups.operation(running.sgcId)).toBeNull();
    const [next] = await records.backups.create([birth], farOffMs);
    expect(await records.backups.operation(running.sgcId)).toEqual({
      kind: "backup",
      backupId: present(next).backupId,
    });
  });

  test("a change's command is sent with the next number of its game", async () => {
    const records = await makeRecords();
    const { backupId, serverId, sgcId } = await pendingBackup(records);
    await takenMessages(records);
    await changed(records, backupId, (backup) => ({
      kind: "change",
      backup,
      who: "reconciler",
      why: "a test",
      command: backupCommand(backup),
    }));
    const [message] = await takenMessages(records);
    expect(message).toMatchObject({
      routingKey: `command.host.${serverId}.backup`,
      body:
        `{"command":"backup_session","session_id":0,"backup_id":${backupId},` +
        `"s3_key":"backups/${sgcId}/${backupId}.tar.gz","sgc_id":${sgcId},"attempt":1,"sequence":2}`,
    });
  });

  test("a command that could never be sent is refused with everything else", async () => {
    const records = await makeRecords();
    const before = await pendingBackup(records);
    await takenMessages(records);
    const change = records.backups.change(before.backupId, (backup) => ({
      kind: "change",
      backup: { ...backup, dueTries: 7 },
      who: "reconciler",
      why: "a test",
      command: { ...backupCommand(backup), attempt: 0 },
    }));
    await expect(change).rejects.toThrow("attempt");
    expect(await records.backups.get(before.backupId)).toEqual(before);
    expect(await takenMessages(records)).toEqual([]);
  });

  test("a change's leftover is put on record", async () => {
    const records = await makeRecords();
    const { backupId, objectKey } = await runningBackup(records);
    const failure = { code: "store_failed", message: "reset" } as const;
    await changed(records, backupId, (backup, nowMs) =>
      takeReport(
        backup,
        { kind: "failed", attempt: 1, failure, retryable: true },
        circumstances(nowMs),
      ),
    );
    const [leftover, ...others] = await records.backups.takeLeftovers(10, farOffMs);
    expect(leftover).toEqual({
      leftoverId: present(leftover).leftoverId,
      backupId,
      objectKey,
      uploadId: "upload-1",
      ageMs: expect.any(Number),
      tries: 0,
    });
    expect(others).toEqual([]);
  });
}
