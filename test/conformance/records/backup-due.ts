// BackupRecords.takeDue.
import { takeOverExpired } from "@manman/core/backup/take-over.ts";
import type { Records } from "@manman/core/ports.ts";
import { describe, expect, test, vi } from "vitest";
import type { MakeRecords } from "../records.ts";
import {
  accepted,
  birthOf,
  changed,
  circumstances,
  demoConfig,
  deployedGame,
  hostOnlineMs,
  farOffMs,
  pendingBackup,
  present,
  rewritten,
  runningBackup,
} from "./fixtures.ts";

const take = { limit: 10, holdMs: farOffMs, hostOnlineMs: farOffMs, expireLeases: true };

export function backupDueConformance(makeRecords: MakeRecords): void {
  describe("due backups", () => {
    test("what is not due yet, or never will be, is left alone", async () => {
      const records = await makeRecords();
      await pendingBackup(records);
      const ended = await runningBackup(records);
      await changed(records, ended.backupId, (backup, nowMs) =>
        rewritten(backup, { status: "completed", finishedAtMs: nowMs, dueAtMs: null }),
      );
      expect(await records.backups.takeDue(take)).toEqual([]);
    });

    test("what is due is shown as it is, and hidden from the next taker", async () => {
      const records = await makeRecords();
      const [made] = await records.backups.create([birthOf(await deployedGame(records))], 0);
      const backup = present(made);
      expect(await records.backups.takeDue(take)).toEqual([
        { backup, host: { isOnline: true, problem: "" } },
      ]);
      expect(await records.backups.takeDue(take)).toEqual([]);
      expect(await records.backups.get(backup.backupId)).toEqual(backup);
    });

    test("a taker that dies loses nothing: what it held comes back", async () => {
      const records = await makeRecords();
      await dueBackup(records);
      expect(await records.backups.takeDue({ ...take, holdMs: 50 })).toHaveLength(1);
      await vi.waitFor(async () => expect(await records.backups.takeDue(take)).toHaveLength(1), {
        timeout: 5_000,
      });
    });

    test("a record that a rule has put off is due again at the new time, not at the hold's end", async () => {
      const records = await makeRecords();
      const { backupId } = await dueBackup(records);
      expect(await records.backups.takeDue(take)).toHaveLength(1);
      await changed(records, backupId, (backup, nowMs) => rewritten(backup, { dueAtMs: nowMs }));
      expect(await records.backups.takeDue(take)).toHaveLength(1);
    });

    test("the longest due come first, and no more than the limit", async () => {
      const records = await makeRecords();
      const due: bigint[] = [];
      for (const agoMs of [2_000, 3_000, 1_000]) {
        const { backupId } = await dueBackup(records, agoMs);
        due.push(backupId);
      }
      const [first, second, third] = due;
      const ids = async (limit: number) =>
        (await records.backups.takeDue({ ...take, limit })).map(({ backup }) => backup.backupId);
      expect(await ids(2)).toEqual([second, first]);
      expect(await ids(2)).toEqual([third]);
    });

    test("leases run out only when they are to", async () => {
      const records = await makeRecords();
      const { backupId } = await runningBackup(records);
      await changed(records, backupId, (backup, nowMs) => rewritten(backup, { dueAtMs: nowMs }));
      const waiting = await dueBackup(records);
      const others = await records.backups.takeDue({ ...take, expireLeases: false });
      expect(others.map(({ backup }) => backup.backupId)).toEqual([waiting.backupId]);
      const [expired] = await records.backups.takeDue(take);
      expect(present(expired).backup).toMatchObject({ backupId, status: "running" });
    });

    test("the rules see a lease that has run out, not the taker's hold", async () => {
      const records = await makeRecords();
      const { backupId } = await runningBackup(records);
      await changed(records, backupId, (backup, nowMs) => rewritten(backup, { dueAtMs: nowMs }));
      await records.backups.takeDue(take);
      const taken = await changed(records, backupId, (backup, nowMs) =>
        takeOverExpired(backup, circumstances(nowMs)),
      );
      expect(taken).toMatchObject({ status: "pending", attempt: 2, upload: null });
    });

    test("what keeps a host from new work comes with what waits for it", async () => {
      const records = await makeRecords();
      const backup = await dueBackup(records);
      await records.servers.seenBy(backup.serverId, "any", hostOnlineMs, "its disk is full");
      const [due] = await records.backups.takeDue({ ...take, holdMs: 0 });
      expect(due?.host).toEqual({ isOnline: true, problem: "its disk is full" });
      await records.servers.seenBy(backup.serverId, "any", hostOnlineMs, "");
      const [later] = await records.backups.takeDue({ ...take, holdMs: 0 });
      expect(later?.host).toEqual({ isOnline: true, problem: "" });
    });

    test("a host is online only when it was seen within the time", async () => {
      const records = await makeRecords();
      await dueBackup(records);
      const unseen = accepted(await records.servers.create("never-seen"));
      const { configId } = await records.games.createConfig(demoConfig);
      const game = accepted(
        await records.games.deploy({ serverId: unseen.serverId, configId, portBindings: [] }),
      );
      await records.backups.create([birthOf(game)], 0);
      const taken = await records.backups.takeDue({ ...take, holdMs: 0 });
      expect(taken.map(({ host }) => host.isOnline)).toEqual([true, false]);
      await vi.waitFor(
        async () => {
          const later = await records.backups.takeDue({ ...take, holdMs: 0, hostOnlineMs: 1 });
          expect(later.map(({ host }) => host.isOnline)).toEqual([false, false]);
        },
        { timeout: 5_000 },
      );
    });

    test("takers side by side share the work and never the same backup", async () => {
      const records = await makeRecords();
      const games = [];
      for (let n = 0; n < 40; n += 1) games.push(await deployedGame(records));
      await records.backups.create(
        games.map((game) => birthOf(game)),
        0,
      );
      const takes = await Promise.all(
        Array.from(
          { length: 8 },
          async () => await records.backups.takeDue({ ...take, limit: 10 }),
        ),
      );
      const rest = await records.backups.takeDue({ ...take, limit: 40 });
      const taken = [...takes.flat(), ...rest].map(({ backup }) => backup.backupId);
      expect(taken).toHaveLength(40);
      expect(new Set(taken).size).toBe(40);
    });
  });
}

/** A pending backup of a game of its own that has been due for so long. */
async function dueBackup(records: Records, agoMs = 0) {
  const { backupId } = await pendingBackup(records);
  return await changed(records, backupId, (backup, nowMs) =>
    rewritten(backup, { dueAtMs: nowMs - agoMs }),
  );
}
