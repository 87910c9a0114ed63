// SurveyRecords: what a survey asks of the backups.
import type { Backup } from "@manman/core/backup/backup.ts";
import type { BackupStatus } from "@manman/core/backup/lifecycle.ts";
import type { Records } from "@manman/core/ports.ts";
import { describe, expect, test } from "vitest";
import type { MakeRecords } from "../records.ts";
import { changed, pendingBackup, rewritten, runningBackup } from "./fixtures.ts";

const report = {
  parts: [],
  sizeBytes: 77,
  rawBytes: 100,
  files: 1,
  archiveSha256: "ab".repeat(32),
  warningCount: 0,
  warnings: [],
  durationMs: 1,
};

/** A backup that has ended so. */
async function ended(
  records: Records,
  status: Extract<BackupStatus, "completed" | "failed">,
): Promise<Backup> {
  const { backupId } = await runningBackup(records);
  return await changed(records, backupId, (backup, nowMs) =>
    rewritten(backup, {
      status,
      statusSinceMs: nowMs,
      finishedAtMs: nowMs,
      dueAtMs: null,
      upload: null,
      report,
    }),
  );
}

export function surveyedBackupConformance(makeRecords: MakeRecords): void {
  describe("what a survey asks of the backups", () => {
    test("each that is known is told with its state and its leftovers, and the others are left out", async () => {
      const records = await makeRecords();
      const one = await ended(records, "failed");
      const two = await pendingBackup(records);
      const leftover = { objectKey: one.objectKey, uploadId: "u-1" };
      await records.backups.addLeftover(one.backupId, leftover);
      await records.backups.addLeftover(one.backupId, { ...leftover, uploadId: null });
      const ids = [one.backupId, two.backupId, two.backupId, 9_000_000n];
      const { nowMs, known } = await records.survey.known(ids);
      expect(Math.abs(nowMs - one.statusSinceMs)).toBeLessThan(60_000);
      expect(nowMs).toBeGreaterThanOrEqual(Math.floor(one.statusSinceMs));
      const shown = known.toSorted((a, b) => Number(a.backupId - b.backupId));
      expect(
        shown.map((each) => ({ ...each, leftoverUploads: new Set(each.leftoverUploads) })),
      ).toEqual([
        {
          backupId: one.backupId,
          objectKey: one.objectKey,
          status: "failed",
          statusSinceMs: one.statusSinceMs,
          leftoverUploads: new Set(["u-1", null]),
        },
        {
          backupId: two.backupId,
          objectKey: two.objectKey,
          status: "pending",
          statusSinceMs: two.statusSinceMs,
          leftoverUploads: new Set(),
        },
      ]);
    });

    test("asked of none, the time is told", async () => {
      const { survey } = await makeRecords();
      expect(await survey.known([])).toEqual({ nowMs: expect.any(Number), known: [] });
    });

    test("completed backups come in the byte order of their keys, between two keys, up to a limit", async () => {
      const records = await makeRecords();
      const all: Backup[] = [];
      // Ten games and more, so that the order of the keys is not that of the numbers.
      for (let n = 0; n < 12; n += 1) all.push(await ended(records, "completed"));
      await ended(records, "failed");
      await pendingBackup(records);
      const keys = all.map(({ objectKey }) => objectKey).toSorted();
      const keysOf = async (after: string | null, upTo: string | null, limit: number) =>
        (await records.survey.completed(after, upTo, limit)).map(({ objectKey }) => objectKey);
      expect(await keysOf(null, null, 100)).toEqual(keys);
      expect(await keysOf(null, null, 5)).toEqual(keys.slice(0, 5));
      expect(await keysOf(keys[1] ?? "", keys[4] ?? "", 100)).toEqual(keys.slice(2, 5));
      expect(await keysOf("backups/\0\ud800", "backups/\u{1f5fb}", 100)).toEqual(keys);
      const [first] = await records.survey.completed(null, keys[0] ?? "", 100);
      const one = all.find(({ objectKey }) => objectKey === keys[0]);
      expect(first).toEqual({
        backupId: one?.backupId,
        objectKey: keys[0],
        sizeBytes: 77,
        completedAtMs: one?.statusSinceMs,
      });
    });
  });
}
