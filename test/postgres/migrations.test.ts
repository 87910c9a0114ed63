// The migrations, run by one control plane or by several, and stopped in the middle.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { migrate } from "@manman/adapters/postgres/migrate.ts";
import { Fault } from "@manman/core/fault.ts";
import { backupStatuses } from "@manman/core/backup/lifecycle.ts";
import { sessionStatuses } from "@manman/core/session/lifecycle.ts";
import { Client } from "pg";
import { expect, onTestFinished, test, vi } from "vitest";
import { bareDatabase, migratedDatabase, type RecordDatabase } from "./record-database.ts";

const all = (await readdir(join(import.meta.dirname, "../../migrations"))).map((file) =>
  file.replace(/\.ts$/, ""),
);

test("a new database gets every migration in order, and none a second time", async () => {
  const database = await scratch();
  expect(await migrate(database.url)).toEqual(all.toSorted());
  expect(await migrate(database.url)).toEqual([]);
});

test("of eight control planes that start at the same moment one migrates, and all can go on", async () => {
  const database = await scratch();
  const done = await Promise.all(
    Array.from({ length: 8 }, async () => await migrate(database.url)),
  );
  expect(done.filter((names) => names.length > 0)).toEqual([all.toSorted()]);
});

test("a migrator that dies in the middle leaves nothing, and the next one does it all", async () => {
  const database = await scratch();
  const rival = await connection(database);
  await rival.query("begin; create table outbox ()");
  const migrating = migrate(database.url).catch((error: unknown) => error);
  await untilWaiting(database, "create table outbox");
  await endConnections(database, "create table outbox");
  expect(await migrating).toMatchObject({ kind: "away" });
  await rival.query("rollback");
  expect(await database.query("select to_regclass('server') as there")).toEqual([{ there: null }]);
  expect(await migrate(database.url)).toEqual(all.toSorted());
});

test("a migrator that dies while others wait for it leaves the work to one of them", async () => {
  const database = await scratch();
  const rival = await connection(database);
  await rival.query("begin; create table outbox ()");
  const dying = migrate(database.url).catch((error: unknown) => error);
  await untilWaiting(database, "create table outbox");
  const waiting = [migrate(database.url), migrate(database.url)];
  await vi.waitFor(async () => expect(await connectionsAt(database, "advisory_xact")).toBe(2));
  await endConnections(database, "create table outbox");
  expect(await dying).toMatchObject({ kind: "away" });
  await rival.query("rollback");
  const done = await Promise.all(waiting);
  expect(done.toSorted((a, b) => a.length - b.length)).toEqual([[], all.toSorted()]);
});

test("a migration that fails leaves nothing and says why", async () => {
  const database = await scratch();
  await database.query("create table outbox ()");
  await expect(migrate(database.url)).rejects.toThrow(/^migrate the database: .*outbox/);
  expect(await database.query("select to_regclass('server') as there")).toEqual([{ there: null }]);
});

test("a database of a newer release is refused by the name of its migration", async () => {
  const database = await migratedDatabase();
  onTestFinished(database.remove);
  await database.query("insert into migration (name) values ('0999-shards')");
  const refused = migrate(database.url);
  await expect(refused).rejects.toBeInstanceOf(Fault);
  await expect(refused).rejects.toMatchObject({ kind: "rejected" });
  await expect(refused).rejects.toThrow(
    `it has 0999-shards, which this release does not know (its newest is ${all.toSorted().at(-1)})`,
  );
});

test("a database that cannot be reached is away", async () => {
  await expect(migrate("postgres://manman@127.0.0.1:1/manman")).rejects.toMatchObject({
    kind: "away",
    message: expect.stringMatching(/^migrate the database: /),
  });
});

test("the schema knows exactly the statuses of the rules", async () => {
  const database = await migratedDatabase();
  onTestFinished(database.remove);
  const listed = async (constraint: string) => {
    const [row] = await database.query<{ text: string }>(
      "select pg_get_constraintdef(oid) as text from pg_constraint where conname = $1",
      [constraint],
    );
    return [...(row?.text ?? "").matchAll(/'([a-z]+)'::text/g)].map(([, status]) => status);
  };
  expect(await listed("backup_status_check")).toEqual(backupStatuses);
  expect(await listed("backup_event_from_status_check")).toEqual(backupStatuses);
  expect(await listed("backup_event_to_status_check")).toEqual(backupStatuses);
  expect(await listed("session_status_check")).toEqual(sessionStatuses);
});

async function scratch(): Promise<RecordDatabase> {
  const database = await bareDatabase();
  onTestFinished(database.remove);
  return database;
}

async function connection(database: RecordDatabase): Promise<Client> {
  const client = new Client({ connectionString: database.url });
  client.on("error", () => {});
  await client.connect();
  onTestFinished(async () => await client.end());
  return client;
}

async function untilWaiting(database: RecordDatabase, statement: string): Promise<void> {
  await vi.waitFor(async () => expect(await connectionsAt(database, statement)).toBe(1), {
    timeout: 10_000,
  });
}

/** How many connections wait for a lock with a statement that holds these words. */
async function connectionsAt(database: RecordDatabase, statement: string): Promise<number> {
  const rows = await database.query(`select pid ${waitingAt}`, [`%${statement}%`]);
  return rows.length;
}

/** Ends them, as the death of their processes would. */
async function endConnections(database: RecordDatabase, statement: string): Promise<void> {
  await database.query(`select pg_terminate_backend(pid) ${waitingAt}`, [`%${statement}%`]);
}

const waitingAt = `from pg_stat_activity
  where wait_event_type = 'Lock' and datname = current_database() and query ilike $1`;
