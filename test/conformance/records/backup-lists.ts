// BackupRecords.list.
import { concludeDeletion, requestDeletion } from "@manman/core/backup/delete-backup.ts";
import type { Backup } from "@manman/core/backup/backup.ts";
import type { BackupFilter, Records } from "@manman/core/ports.ts";
import type { ServerGameConfig } from "@manman/core/server.ts";
import { describe, expect, test } from "vitest";
import type { MakeRecords } from "../records.ts";
import {
  birthOf,
  changed,
  circumstances,
  deployedGame,
  farOffMs,
  present,
  rewritten,
  startedSession,
} from "./fixtures.ts";

export function backupListConformance(makeRecords: MakeRecords): void {
  describe("lists of backups", () => {
    test("backups are listed newest first, by game, by session and page by page", async () => {
      const records = await makeRecords();
      const [a, b] = [await deployedGame(records), await deployedGame(records)];
      const { sessionId } = await startedSession(records, a.sgcId);
      const first = await endedBackup(records, a, null);
      const second = await endedBackup(records, a, sessionId);
      const third = await endedBackup(records, b, null);
      const list = lister(records);
      expect(await list({})).toEqual([third, second, first]);
      expect(await list({}, null, 2)).toEqual([third, second]);
      expect(await list({}, second.backupId)).toEqual([first]);
      expect(await list({ sgcId: a.sgcId })).toEqual([second, first]);
      expect(await list({ sgcId: a.sgcId }, second.backupId)).toEqual([first]);
      expect(await list({ sessionId })).toEqual([second]);
      expect(await list({ sgcId: b.sgcId, sessionId })).toEqual([]);
    });

    test("tombstones are left out unless they are asked for", async () => {
      const records = await makeRecords();
      const game = await deployedGame(records);
      const { sessionId } = await startedSession(records, game.sgcId);
      const kept = await endedBackup(records, game, sessionId);
      const deleting = await deleted(
        records,
        await endedBackup(records, game, sessionId),
        "deleting",
      );
      const tombstone = await deleted(
        records,
        await endedBackup(records, game, sessionId),
        "deleted",
      );
      const newest = await endedBackup(records, game, sessionId);
      const list = lister(records);
      for (const filter of [{}, { sgcId: game.sgcId }, { sessionId }]) {
        expect(await list(filter)).toEqual([newest, deleting, kept]);
        const withTombstones = { ...filter, includeDeleted: true };
        expect(await list(withTombstones)).toEqual([newest, tombstone, deleting, kept]);
        expect(await list(withTombstones, null, 2)).toEqual([newest, tombstone]);
        expect(await list(withTombstones, newest.backupId, 2)).toEqual([tombstone, deleting]);
      }
    });

    test("pages of one fill a list without a gap or a double", async () => {
      const records = await makeRecords();
      const game = await deployedGame(records);
      const made = [];
      for (let n = 0; n < 5; n += 1) made.push(await endedBackup(records, game, null));
      const list = lister(records);
      const seen: Backup[] = [];
      for (;;) {
        const [next] = await list({ sgcId: game.sgcId }, seen.at(-1)?.backupId ?? null, 1);
        if (next === undefined) break;
        seen.push(next);
      }
      expect(seen).toEqual(made.toReversed());
    });
  });
}

function lister(records: Records) {
  return async (filter: Partial<BackupFilter>, beforeId: bigint | null = null, limit = 9) =>
    await records.backups.list(
      { sgcId: null, sessionId: null, includeDeleted: false, ...filter },
      { beforeId, limit },
    );
}

async function endedBackup(
  records: Records,
  game: ServerGameConfig,
  sessionId: bigint | null,
): Promise<Backup> {
  const [made] = await records.backups.create([birthOf(game, { sessionId })], farOffMs);
  return await changed(records, present(made).backupId, (backup, nowMs) =>
    rewritten(backup, { status: "cancelled", finishedAtMs: nowMs, dueAtMs: null }),
  );
}

async function deleted(
  records: Records,
  { backupId }: Backup,
  until: "deleting" | "deleted",
): Promise<Backup> {
  const deleting = await changed(records, backupId, (backup, nowMs) =>
    requestDeletion(backup, circumstances(nowMs)),
  );
  if (until === "deleting") return deleting;
  return await changed(records, backupId, (backup, nowMs) =>
    concludeDeletion(backup, circumstances(nowMs)),
  );
}
