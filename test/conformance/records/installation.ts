// InstallationRecords.
import { describe, expect, test } from "vitest";
import type { MakeRecords } from "../records.ts";
import { pendingBackup } from "./fixtures.ts";

export function installationConformance(makeRecords: MakeRecords): void {
  describe("the installation", () => {
    test("is the same at every look", async () => {
      const records = await makeRecords();
      const first = await records.installation.get();
      expect(first).toEqual({
        installationId: expect.stringMatching(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/),
        createdAtMs: expect.any(Number),
        highestBackupId: 0n,
        highestRecordedBackupId: 0n,
      });
      expect(await records.installation.get()).toEqual(first);
    });

    test("knows the highest backup id that was handed out, and that is recorded", async () => {
      const records = await makeRecords();
      await pendingBackup(records);
      const { backupId } = await pendingBackup(records);
      expect(await records.installation.get()).toMatchObject({
        highestBackupId: backupId,
        highestRecordedBackupId: backupId,
      });
    });

    test("new backups begin after an id that they were raised above, and raising never lowers", async () => {
      const records = await makeRecords();
      const { installation } = records;
      const { backupId: before } = await pendingBackup(records);
      await installation.raiseBackupIds(before + 1_000n);
      await installation.raiseBackupIds(before + 10n);
      expect(await installation.get()).toMatchObject({
        highestBackupId: before + 1_000n,
        highestRecordedBackupId: before,
      });
      const { backupId } = await pendingBackup(records);
      expect(backupId).toBe(before + 1_001n);
    });

    test("ids that nobody has used as yet can be raised, and raising above 0 changes nothing", async () => {
      const records = await makeRecords();
      await records.installation.raiseBackupIds(0n);
      expect((await records.installation.get()).highestBackupId).toBe(0n);
      await records.installation.raiseBackupIds(1n);
      expect((await records.installation.get()).highestBackupId).toBe(1n);
    });
  });
}
