// BackupRecords, the part on leftovers.
import { describe, expect, test, vi } from "vitest";
import type { MakeRecords } from "../records.ts";
import { farOffMs, pendingBackup, present } from "./fixtures.ts";

export function leftoverConformance(makeRecords: MakeRecords): void {
  describe("leftovers", () => {
    test("a leftover is shown once, and is gone when it is dropped", async () => {
      const records = await makeRecords();
      const { backupId, objectKey } = await pendingBackup(records);
      await records.backups.addLeftover(backupId, { objectKey, uploadId: "u-1" });
      await records.backups.addLeftover(backupId, { objectKey, uploadId: null });
      const taken = await records.backups.takeLeftovers(10, 50);
      expect(taken.map(({ uploadId, tries }) => [uploadId, tries])).toEqual([
        ["u-1", 0],
        [null, 0],
      ]);
      await records.backups.dropLeftover(present(taken[0]).leftoverId);
      await vi.waitFor(
        async () => {
          const [again, ...others] = await records.backups.takeLeftovers(10, farOffMs);
          expect(again).toEqual({ ...taken[1], ageMs: expect.any(Number) });
          expect(others).toEqual([]);
        },
        { timeout: 5_000 },
      );
    });

    test("one that was put off comes back after the wait, with its tries counted", async () => {
      const records = await makeRecords();
      const { backupId, objectKey } = await pendingBackup(records);
      await records.backups.addLeftover(backupId, { objectKey, uploadId: "u-1" });
      const [first] = await records.backups.takeLeftovers(10, farOffMs);
      const { leftoverId } = present(first);
      await records.backups.putOffLeftover(leftoverId, farOffMs, "the store is away \0");
      expect(await records.backups.takeLeftovers(10, farOffMs)).toEqual([]);
      await records.backups.putOffLeftover(leftoverId, 0, "the store is away");
      expect(await records.backups.takeLeftovers(10, farOffMs)).toEqual([
        { ...present(first), ageMs: expect.any(Number), tries: 2 },
      ]);
    });

    test("a leftover tells its age", async () => {
      const records = await makeRecords();
      const { backupId, objectKey } = await pendingBackup(records);
      await records.backups.addLeftover(backupId, { objectKey, uploadId: "u-1" });
      const ageMs = async () => present((await records.backups.takeLeftovers(1, 0))[0]).ageMs;
      expect(await ageMs()).toBeGreaterThanOrEqual(0);
      await vi.waitFor(async () => expect(await ageMs()).toBeGreaterThan(20), { timeout: 5_000 });
    });

    test("takers side by side share the leftovers, each up to its limit", async () => {
      const records = await makeRecords();
      const { backupId, objectKey } = await pendingBackup(records);
      for (let n = 0; n < 9; n += 1) {
        await records.backups.addLeftover(backupId, { objectKey, uploadId: `u-${n}` });
      }
      const takes = await Promise.all(
        Array.from({ length: 3 }, async () => await records.backups.takeLeftovers(2, farOffMs)),
      );
      for (const taken of takes) expect(taken.length).toBeLessThanOrEqual(2);
      const rest = await records.backups.takeLeftovers(9, farOffMs);
      const uploads = [...takes.flat(), ...rest].map(({ uploadId }) => uploadId);
      expect(uploads).toHaveLength(9);
      expect(new Set(uploads)).toEqual(
        new Set(["u-0", "u-1", "u-2", "u-3", "u-4", "u-5", "u-6", "u-7", "u-8"]),
      );
    });
  });
}
