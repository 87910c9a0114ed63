// BackupRecords.renew and extendLeases.
import type { HeldAttempt } from "@manman/core/ports.ts";
import { describe, expect, test } from "vitest";
import type { MakeRecords } from "../records.ts";
import {
  changed,
  farOffMs,
  leaseMs,
  pendingBackup,
  present,
  rewritten,
  runningBackup,
} from "./fixtures.ts";

const progress = { rawBytesDone: 7e12, rawBytesTotal: 9e12, filesDone: 12, sentBytes: 4_096 };

export function leaseConformance(makeRecords: MakeRecords): void {
  describe("leases", () => {
    test("a renewal moves the end of the lease and stores the progress", async () => {
      const records = await makeRecords();
      const before = await runningBackup(records);
      const lost = await records.backups.renew(
        before.serverId,
        "instance-1",
        [{ backupId: before.backupId, attempt: 1, progress }],
        farOffMs,
      );
      expect(lost).toEqual([]);
      const after = present(await records.backups.get(before.backupId));
      const renewedAtMs = present(after.progress).updatedAtMs;
      expect(renewedAtMs).toBeGreaterThanOrEqual(present(before.startedAtMs));
      expect(after).toEqual({
        ...before,
        progress: { ...progress, updatedAtMs: renewedAtMs },
        dueAtMs: renewedAtMs + farOffMs,
      });
    });

    test("what runs under another host manager than the given one is listed by server, page by page", async () => {
      const records = await makeRecords();
      const first = await runningBackup(records);
      await runningBackup(records, "host-b");
      const second = await runningBackup(records);
      await pendingBackup(records);
      const { serverId } = first;
      const listed = async (instanceId: string | null, afterId: bigint, limit: number) =>
        await records.backups.runningUnderOthers(serverId, instanceId, afterId, limit);
      expect(await listed(null, 0n, 10)).toEqual([first, second]);
      expect(await listed("instance-2", 0n, 1)).toEqual([first]);
      expect(await listed("instance-2", first.backupId, 1)).toEqual([second]);
      expect(await listed("instance-1", 0n, 10)).toEqual([]);
    });

    test("a renewal without progress keeps the last one", async () => {
      const records = await makeRecords();
      const { backupId, serverId } = await runningBackup(records);
      const renew = async (held: HeldAttempt["progress"]) =>
        await records.backups.renew(
          serverId,
          "instance-1",
          [{ backupId, attempt: 1, progress: held }],
          leaseMs,
        );
      await renew(progress);
      const before = present(await records.backups.get(backupId)).progress;
      await renew(null);
      expect(present(await records.backups.get(backupId)).progress).toEqual(before);
    });

    test("each attempt that no longer counts is answered with its reason, and changes nothing", async () => {
      const records = await makeRecords();
      const held = await runningBackup(records);
      const elsewhere = await runningBackup(records, "host-b");
      const unclaimed = await pendingBackup(records);
      const over = await runningBackup(records);
      const completed = await changed(records, over.backupId, (backup, nowMs) =>
        rewritten(backup, { status: "completed", finishedAtMs: nowMs, dueAtMs: null }),
      );
      const lost = await records.backups.renew(
        held.serverId,
        "instance-1",
        [
          { backupId: held.backupId, attempt: 2, progress },
          { backupId: elsewhere.backupId, attempt: 1, progress },
          { backupId: 404n, attempt: 1, progress },
          { backupId: held.backupId, attempt: 1, progress: null },
          { backupId: unclaimed.backupId, attempt: 1, progress },
          { backupId: completed.backupId, attempt: 1, progress },
        ],
        farOffMs,
      );
      expect(lost).toEqual([
        {
          backupId: held.backupId,
          attempt: 2,
          reason: "attempt 2 is over; attempt 1 is the present one",
        },
        {
          backupId: elsewhere.backupId,
          attempt: 1,
          reason:
            `backup ${elsewhere.backupId} belongs to server ${elsewhere.serverId}, ` +
            `not to server ${held.serverId}`,
        },
        { backupId: 404n, attempt: 1, reason: "there is no backup 404" },
        { backupId: unclaimed.backupId, attempt: 1, reason: "the attempt was not claimed" },
        { backupId: completed.backupId, attempt: 1, reason: "the backup is completed" },
      ]);
      for (const backup of [elsewhere, unclaimed, completed]) {
        expect(await records.backups.get(backup.backupId)).toEqual(backup);
      }
      const renewed = present(await records.backups.get(held.backupId));
      expect(renewed.progress).toBeNull();
      expect(present(renewed.dueAtMs)).toBeGreaterThan(present(held.dueAtMs));
    });

    test("another instance of the same host holds nothing", async () => {
      const records = await makeRecords();
      const { backupId, serverId } = await runningBackup(records);
      const attempts = [{ backupId, attempt: 1, progress: null }];
      expect(await records.backups.renew(serverId, "instance-2", attempts, leaseMs)).toEqual([
        { backupId, attempt: 1, reason: "another host manager holds this attempt" },
      ]);
    });

    test("a host that holds nothing renews nothing", async () => {
      const records = await makeRecords();
      expect(await records.backups.renew(1n, "instance-1", [], leaseMs)).toEqual([]);
    });

    test("extending gives every running lease the time at least, also one that has run out", async () => {
      const records = await makeRecords();
      const expired = await runningBackup(records);
      await changed(records, expired.backupId, (backup, nowMs) =>
        rewritten(backup, { dueAtMs: nowMs - 600_000 }),
      );
      const long = await runningBackup(records);
      const waiting = await pendingBackup(records);
      const longer = await changed(records, long.backupId, (backup, nowMs) =>
        rewritten(backup, { dueAtMs: nowMs + 2 * farOffMs }),
      );
      await records.backups.extendLeases(farOffMs);
      const extended = present(await records.backups.get(expired.backupId));
      expect(present(extended.dueAtMs)).toBeGreaterThanOrEqual(
        present(expired.startedAtMs) + farOffMs,
      );
      expect(await records.backups.get(longer.backupId)).toEqual(longer);
      expect(await records.backups.get(waiting.backupId)).toEqual(waiting);
      const take = { limit: 9, holdMs: 0, hostOnlineMs: 1_000, expireLeases: true };
      expect(await records.backups.takeDue(take)).toEqual([]);
    });

    test("extending again and again adds up to no more than once", async () => {
      const records = await makeRecords();
      const { backupId, startedAtMs } = await runningBackup(records);
      for (let n = 0; n < 10; n += 1) await records.backups.extendLeases(farOffMs);
      const { dueAtMs } = present(await records.backups.get(backupId));
      expect(present(dueAtMs)).toBeLessThan(present(startedAtMs) + 2 * farOffMs);
    });

    test("renewals and extensions at the same moment both succeed", async () => {
      const records = await makeRecords();
      const held: HeldAttempt[] = [];
      let serverId = 0n;
      for (let n = 0; n < 12; n += 1) {
        const backup = await runningBackup(records);
        serverId = backup.serverId;
        held.push({ backupId: backup.backupId, attempt: 1, progress });
      }
      const rounds = Array.from({ length: 10 }, (_, n) => n);
      const lost = await Promise.all(
        rounds.flatMap((n) => [
          records.backups.renew(
            serverId,
            "instance-1",
            n % 2 === 0 ? held : held.toReversed(),
            leaseMs,
          ),
          records.backups.extendLeases(farOffMs).then(() => []),
        ]),
      );
      expect(lost.flat()).toEqual([]);
    });
  });
}
