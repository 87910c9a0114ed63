// The database goes away in every way that it can: refusing, silent, with one connection or with all, and comes back.
import { migrate } from "@manman/adapters/postgres/migrate.ts";
import { openRecords, type RecordsOptions } from "@manman/adapters/postgres/records.ts";
import type { BackupDecision } from "@manman/core/backup/backup.ts";
import { Fault } from "@manman/core/fault.ts";
import type { Records } from "@manman/core/ports.ts";
import { Client } from "pg";
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import {
  birthOf,
  deployedGame,
  farOffMs,
  pendingBackup,
  present,
  takenMessages,
} from "../conformance/records/fixtures.ts";
import { privatePostgres } from "../harness/private-postgres.ts";
import { TcpProxy } from "../harness/tcp-proxy.ts";
import { migratedDatabase, type RecordDatabase } from "./record-database.ts";

let database: RecordDatabase;
beforeAll(async () => {
  database = await migratedDatabase();
});
beforeEach(async () => await database.empty());
afterAll(async () => await database.remove());

test("a database that refuses connections is away at once, and is used again when it returns", async () => {
  const { proxy, records } = await behindProxy();
  await pendingBackup(records);
  await proxy.cut();
  expect(await faultWithin(1_000, records.check())).toBe("away");
  expect(await faultWithin(1_000, pendingBackup(records))).toBe("away");
  await proxy.heal();
  await pendingBackup(records);
});

test("a database that falls silent is away within the statement's time, and is used again when it speaks", async () => {
  const { proxy, records } = await behindProxy({ statementMs: 400, connectMs: 400 });
  await pendingBackup(records);
  proxy.stall();
  expect(await faultWithin(3_000, records.check())).toBe("away");
  expect(await faultWithin(3_000, records.backups.change(1n, asItIs))).toBe("away");
  await proxy.heal();
  await vi.waitFor(async () => await records.check(), { timeout: 5_000 });
  await pendingBackup(records);
});

test("a database that is killed and started again keeps what was answered", async () => {
  const server = await privatePostgres();
  onTestFinished(server.remove);
  await migrate(server.url);
  const records = opened({ url: server.url });
  const { backupId } = await pendingBackup(records);
  await server.kill();
  expect(await faultWithin(2_000, records.check())).toBe("away");
  await server.start();
  expect(await records.backups.get(backupId)).toMatchObject({ status: "pending" });
  expect(await takenMessages(records)).toHaveLength(1);
});

test("a call that finds all connections busy is answered within the connection's time", async () => {
  const records = opened({ url: database.url, poolSize: 1, connectMs: 200 });
  await pendingBackup(records);
  await records.outbox.relay(1, async (messages) => {
    expect(await faultWithin(2_000, records.check())).toBe("away");
    return messages.map(() => ({ kind: "sent" }));
  });
  await records.check();
});

test("a statement that waits for a lock too long is away, and leaves its connection usable", async () => {
  const records = opened({ url: database.url, poolSize: 1, statementMs: 200 });
  const { backupId } = await pendingBackup(records);
  const rival = await connected();
  await rival.query("begin");
  await rival.query("select from backup where backup_id = $1 for update", [backupId]);
  expect(await faultWithin(2_000, records.backups.change(backupId, asItIs))).toBe("away");
  await rival.query("rollback");
  expect(await records.backups.change(backupId, asItIs)).not.toBeNull();
});

test("a connection that is killed while it is idle is replaced", async () => {
  const records = opened({ url: database.url, poolSize: 1 });
  await records.check();
  await killConnections("idle");
  await vi.waitFor(async () => expect(await faultWithin(1_000, records.check())).toBe("answered"), {
    timeout: 5_000,
  });
});

test("a connection that falls silent alone is given up, and the next call takes another", async () => {
  const server = await privatePostgres();
  onTestFinished(server.remove);
  const records = opened({ url: server.url, poolSize: 1, statementMs: 300 });
  await records.check();
  const observer = await connected(server.url);
  const { rows } = await observer.query<{ pid: number }>(
    "select pid from pg_stat_activity where application_name = 'manman'",
  );
  const { pid } = present(rows[0]);
  process.kill(pid, "SIGSTOP");
  onTestFinished(() => {
    process.kill(pid, "SIGCONT");
  });
  expect(await faultWithin(3_000, records.check())).toBe("away");
  expect(await faultWithin(1_000, records.check())).toBe("answered");
});

test("a connection that is killed in the middle of a relay brings every message back", async () => {
  const records = opened({ url: database.url });
  await pendingBackup(records);
  await pendingBackup(records);
  const relaying = records.outbox.relay(10, async (messages) => {
    await killConnections("idle in transaction");
    return messages.map(() => ({ kind: "sent" }));
  });
  expect(await faultWithin(5_000, relaying)).toBe("away");
  expect(await takenMessages(records)).toHaveLength(2);
});

test("a connection that is killed in the middle of a creation leaves nothing of it", async () => {
  const records = opened({ url: database.url });
  const [free, taken] = [await deployedGame(records), await deployedGame(records)];
  const rival = await connected();
  await rival.query("begin");
  await rival.query(
    `with born as (
      insert into backup (sgc_id, server_id, status, object_key, due_at, visible_at)
      values ($1, $2, 'pending', 'k', now(), now()) returning backup_id
    ) insert into operation (sgc_id, kind, backup_id) select $1, 'backup', backup_id from born`,
    [taken.sgcId, taken.serverId],
  );
  const creating = records.backups.create([birthOf(free), birthOf(taken)], farOffMs);
  const outcome = faultWithin(10_000, creating);
  await vi.waitFor(async () => expect(await connectionsIn("active", "Lock")).toBe(1), {
    timeout: 5_000,
  });
  await killConnections("active", "Lock");
  expect(await outcome).toBe("away");
  await rival.query("rollback");
  expect(await records.backups.operation(free.sgcId)).toBeNull();
  expect(await database.query("select count(*)::int as n from backup")).toEqual([{ n: 0 }]);
  expect(await takenMessages(records)).toEqual([]);
  const made = await records.backups.create([birthOf(free), birthOf(taken)], farOffMs);
  expect(made).not.toContain(null);
});

test("what the database refuses for good is no outage", async () => {
  const url = new URL(database.url);
  url.pathname = "/there_is_no_such_database";
  await expect(opened({ url: url.href }).check()).rejects.toMatchObject({
    kind: "rejected",
    message: expect.stringMatching(/^reach the database: .*there_is_no_such_database/),
  });
});

function asItIs(): BackupDecision {
  return { kind: "keep", why: "a test" };
}

function opened(options: RecordsOptions): Records {
  const records = openRecords(options);
  onTestFinished(async () => await records.close());
  return records;
}

async function behindProxy(
  limits: Omit<RecordsOptions, "url"> = {},
): Promise<{ readonly proxy: TcpProxy; readonly records: Records }> {
  const proxy = await TcpProxy.to(database.url);
  onTestFinished(async () => await proxy.close());
  return { proxy, records: opened({ url: proxy.through(database.url), ...limits }) };
}

async function connected(url = database.url): Promise<Client> {
  const client = new Client({ connectionString: url });
  await client.connect();
  onTestFinished(async () => await client.end());
  return client;
}

/** The kind of the Fault that the call throws; anything else, and a call that takes longer, by its own name. */
async function faultWithin(withinMs: number, call: Promise<unknown>): Promise<unknown> {
  const beganMs = performance.now();
  const outcome: unknown = await call.then(
    () => "answered",
    (thrown: unknown) => (thrown instanceof Fault ? thrown.kind : thrown),
  );
  const tookMs = performance.now() - beganMs;
  return tookMs > withinMs ? `${String(outcome)} after ${tookMs} ms` : outcome;
}

/** The records' connections in that state, waiting for that kind of event. */
async function connectionsIn(state: string, waitsFor: string | null = null): Promise<number> {
  return (await database.query(`select pid ${ourConnections}`, [state, waitsFor])).length;
}

async function killConnections(state: string, waitsFor: string | null = null): Promise<void> {
  const killed = await database.query(`select pg_terminate_backend(pid) ${ourConnections}`, [
    state,
    waitsFor,
  ]);
  expect(killed.length).toBeGreaterThan(0);
}

const ourConnections = `from pg_stat_activity
  where datname = current_database() and application_name = 'manman'
    and state = $1 and ($2::text is null or wait_event_type = $2)`;
