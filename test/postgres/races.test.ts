// Control planes side by side on one database: the same work never twice, and never a deadlock that anybody sees.
import { defaultBackupLimits } from "@manman/core/backup/limits.ts";
import { openRecords } from "@manman/adapters/postgres/records.ts";
import { grantClaim } from "@manman/core/backup/claim-attempt.ts";
import { backupCommand } from "@manman/core/backup/transition.ts";
import type { Records } from "@manman/core/ports.ts";
import { decideStart } from "@manman/core/session/start-session.ts";
import { Client } from "pg";
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import {
  birthOf,
  circumstances,
  deployedGame,
  farOffMs,
  pendingBackup,
  present,
  startedSession,
  toStop,
} from "../conformance/records/fixtures.ts";
import { migratedDatabase, type RecordDatabase } from "./record-database.ts";

let database: RecordDatabase;
let one: Records;
let other: Records;
beforeAll(async () => {
  database = await migratedDatabase();
  one = openRecords({ url: database.url });
  other = openRecords({ url: database.url });
});
beforeEach(async () => await database.empty());
afterAll(async () => {
  await one.close();
  await other.close();
  await database.remove();
});

test("of fifty creations for one game from two control planes exactly one wins", async () => {
  const game = await deployedGame(one);
  const made = await Promise.all(
    Array.from(
      { length: 50 },
      async (_, n) => await (n % 2 === 0 ? one : other).backups.create([birthOf(game)], farOffMs),
    ),
  );
  const [winner, ...others] = made.flat().filter((backup) => backup !== null);
  expect(others).toEqual([]);
  expect(await database.query("select count(*)::int as n from backup")).toEqual([{ n: 1 }]);
  expect(await database.query("select count(*)::int as n from outbox")).toEqual([{ n: 1 }]);
  expect(await one.backups.operation(game.sgcId)).toEqual({
    kind: "backup",
    backupId: present(winner).backupId,
  });
});

test("backups, starts and stops of one game at the same moment get one number each, without a gap", async () => {
  const game = await deployedGame(one);
  const { sessionId } = await startedSession(one, game.sgcId);
  const { backupId } = present((await one.backups.create([birthOf(game)], farOffMs))[0]);
  const resend = async (records: Records) =>
    await records.backups.change(backupId, (backup) => ({
      kind: "change",
      backup,
      who: "reconciler",
      why: "a test",
      command: backupCommand(backup),
    }));
  const start = async (records: Records) =>
    await records.sessions.start(game.sgcId, (situation, nowMs) =>
      decideStart({ sgcId: game.sgcId, force: true }, situation, {
        nowMs,
        limits: defaultBackupLimits,
      }),
    );
  const stop = async (records: Records) => await records.sessions.change(sessionId, toStop);
  await Promise.all(
    Array.from({ length: 10 }, () => [one, other]).flatMap((pair) =>
      pair.flatMap((records) => [resend(records), start(records), stop(records)]),
    ),
  );
  const rows = await database.query<{ sequence: string }>(
    "select sequence::text from outbox order by outbox.sequence",
  );
  expect(rows.length).toBeGreaterThan(60);
  expect(rows.map(({ sequence }) => Number(sequence))).toEqual(rows.map((_row, n) => n + 1));
});

test("relays of two control planes publish every message exactly once", async () => {
  const games = [];
  for (let n = 0; n < 60; n += 1) games.push(await deployedGame(one));
  await one.backups.create(
    games.map((game) => birthOf(game)),
    farOffMs,
  );
  const shown: bigint[] = [];
  const drain = async (records: Records) => {
    const relay = async () =>
      await records.outbox.relay(7, async (messages) => {
        shown.push(...messages.map(({ outboxId }) => outboxId));
        await new Promise(setImmediate);
        return messages.map(() => ({ kind: "sent" }));
      });
    while ((await relay()) > 0);
  };
  await Promise.all([drain(one), drain(other), drain(one), drain(other)]);
  expect(shown).toHaveLength(60);
  expect(new Set(shown).size).toBe(60);
});

test("a rule that had to wait for the lock is shown the time after the wait", async () => {
  const { backupId } = await pendingBackup(one);
  const rival = await connected();
  await rival.query("begin");
  await rival.query("select from backup where backup_id = $1 for update", [backupId]);
  let shownMs = 0;
  const changing = one.backups.change(backupId, (_backup, nowMs) => {
    shownMs = nowMs;
    return { kind: "keep", why: "a test" };
  });
  await untilOneWaits();
  const { rows } = await rival.query<{ moment: Date }>("select clock_timestamp() as moment");
  await rival.query("rollback");
  await changing;
  expect(shownMs).toBeGreaterThanOrEqual(present(rows[0]).moment.getTime());
});

test("a change under a server waits for a takeover of it, and is shown whose it is afterwards", async () => {
  const { backupId, serverId } = await pendingBackup(one);
  const rival = await connected();
  await rival.query("begin");
  await rival.query("update server set former_instance_id = 'old' where server_id = $1", [
    serverId,
  ]);
  let former: string | null = null;
  const changing = one.backups.changeUnder(serverId, backupId, ({ server }) => {
    former = present(server).formerInstanceId;
    return { kind: "keep", why: "a test" };
  });
  await untilOneWaits();
  await rival.query("commit");
  await changing;
  expect(former).toBe("old");
});

test("a takeover waits for a change under its server, and finds what that has begun", async () => {
  const { backupId, serverId } = await pendingBackup(one);
  const rival = await connected();
  await rival.query("begin");
  await rival.query("select from backup where backup_id = $1 for update", [backupId]);
  const claim = { serverId, instanceId: "old", attempt: 1 };
  const claiming = one.backups.changeUnder(serverId, backupId, ({ backup }, nowMs) =>
    grantClaim(backup, claim, "upload-1", circumstances(nowMs)),
  );
  await untilOneWaits();
  const takingOver = other.servers.forgetInstance(serverId, false);
  await untilWait(2);
  await rival.query("commit");
  await Promise.all([claiming, takingOver]);
  const running = await other.backups.runningUnderOthers(serverId, null, 0n, 10);
  expect(running.map((backup) => backup.backupId)).toEqual([backupId]);
});

test("a change that is the victim of a deadlock is decided anew", async () => {
  const backup = await pendingBackup(one);
  const rival = await connected();
  await rival.query("set deadlock_timeout = '60s'");
  await rival.query("begin");
  await rival.query("update server_game_config set status = status where sgc_id = $1", [
    backup.sgcId,
  ]);
  let asked = 0;
  const changing = one.backups.change(backup.backupId, (shown) => {
    asked += 1;
    return {
      kind: "change",
      backup: { ...shown, dueTries: 7 },
      who: "reconciler",
      why: "a test",
      command: backupCommand(shown),
    };
  });
  await untilOneWaits();
  await rival.query("update backup set due_tries = 1 where backup_id = $1", [backup.backupId]);
  await rival.query("commit");
  expect(await changing).toMatchObject({ record: { dueTries: 7 } });
  expect(asked).toBe(2);
  const sequences = await database.query("select sequence::int from outbox order by outbox_id");
  expect(sequences).toEqual([{ sequence: 1 }, { sequence: 2 }]);
});

async function connected(): Promise<Client> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  onTestFinished(async () => await client.end());
  return client;
}

/** Until one connection waits for a lock. */
async function untilOneWaits(): Promise<void> {
  await untilWait(1);
}

async function untilWait(count: number): Promise<void> {
  await vi.waitFor(
    async () =>
      expect(
        await database.query(
          `select from pg_stat_activity
          where wait_event_type = 'Lock' and datname = current_database()`,
        ),
      ).toHaveLength(count),
    { timeout: 10_000 },
  );
}
