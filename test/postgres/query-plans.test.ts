// Every statement reaches its rows through an index, whether the tables are empty or hold hundreds of thousands of rows, and reads
// little to find them.
import { defaultBackupLimits } from "@manman/core/backup/limits.ts";
import { openRecords } from "@manman/adapters/postgres/records.ts";
import type { BackupRequest } from "@manman/core/backup/create-backup.ts";
import { backupCommand } from "@manman/core/backup/transition.ts";
import type { BackupFilter, Records, SessionFilter } from "@manman/core/ports.ts";
import { decideStart } from "@manman/core/session/start-session.ts";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { toStop } from "../conformance/records/fixtures.ts";
import { migratedDatabase, type RecordDatabase } from "./record-database.ts";

const page = { beforeId: 150_000n, limit: 50 };
const anySession: SessionFilter = {
  sgcId: null,
  serverId: null,
  statuses: [],
  startedAfterMs: null,
  startedBeforeMs: null,
};
const anyBackup: BackupFilter = { sgcId: null, sessionId: null, includeDeleted: false };
const take = { limit: 20, holdMs: 1_000, hostOnlineMs: 30_000, expireLeases: true };
const birth = { serverId: 2n, sessionId: null, description: "", requestId: null };
const byRequest = { description: "", requestId: "r-1" };
const requests: BackupRequest[] = [
  { ...byRequest, target: { by: "session", sessionId: 100_000n } },
  { ...byRequest, target: { by: "sgc", sgcId: 1_000n } },
];
const weekAgoMs = Date.now() - 7 * 24 * 3_600_000;

/** Everything that finds rows, by name. Ids are such that they exist once the tables are filled. */
const calls: Record<string, (records: Records) => Promise<unknown>> = {
  "servers.get": async ({ servers }) => await servers.get(100n),
  "servers.list": async ({ servers }) => await servers.list({ beforeId: 500n, limit: 50 }),
  "servers.seen": async ({ servers }) => await servers.seen(100n, null),
  "servers.register": async ({ servers }) =>
    await servers.register(
      { name: "host-100", environment: "dev", capabilities: null, instanceId: "i" },
      30_000,
    ),
  "servers.register of a stranger": async ({ servers }) =>
    await servers.register(
      { name: "host-100", environment: "dev", capabilities: null, instanceId: "other" },
      30_000,
    ),
  "servers.seenBy": async ({ servers }) => await servers.seenBy(100n, "i", 30_000, ""),
  "servers.forgetInstance": async ({ servers }) => await servers.forgetInstance(101n, false),
  "servers.getByName": async ({ servers }) => await servers.getByName("host-100"),
  "games.getConfig": async ({ games }) => await games.getConfig(100n),
  "games.listConfigs": async ({ games }) => await games.listConfigs(null, page),
  "games.listConfigs of a game": async ({ games }) => await games.listConfigs(7n, page),
  "games.getGame": async ({ games }) => await games.getGame(100n),
  "games.listGames": async ({ games }) => await games.listGames(null, page),
  "games.listGames of a server": async ({ games }) => await games.listGames(7n, page),
  "sessions.get": async ({ sessions }) => await sessions.get(100_000n),
  "sessions.start": async ({ sessions }) =>
    await sessions.start(20_000n, (situation, nowMs) =>
      decideStart({ sgcId: 20_000n, force: true }, situation, {
        nowMs,
        limits: defaultBackupLimits,
      }),
    ),
  "sessions.change": async ({ sessions }) => await sessions.change(199_990n, toStop),
  "sessions.due": async ({ sessions }) => await sessions.due(20, 30_000),
  "sessions.list": async ({ sessions }) => await sessions.list(anySession, page),
  "sessions.list of a game": async ({ sessions }) =>
    await sessions.list({ ...anySession, sgcId: 1_000n }, page),
  "sessions.list of a server": async ({ sessions }) =>
    await sessions.list({ ...anySession, serverId: 7n }, page),
  "sessions.list of the live": async ({ sessions }) =>
    await sessions.list(
      { ...anySession, statuses: ["pending", "starting", "running", "stopping"] },
      { beforeId: null, limit: 50 },
    ),
  "sessions.list of what there is none of": async ({ sessions }) =>
    await sessions.list({ ...anySession, statuses: ["starting"] }, page),
  "sessions.list of a server's crashed": async ({ sessions }) =>
    await sessions.list({ ...anySession, serverId: 7n, statuses: ["crashed"] }, page),
  "sessions.list of a game's crashed": async ({ sessions }) =>
    await sessions.list({ ...anySession, sgcId: 1_000n, statuses: ["crashed"] }, page),
  "sessions.list of an hour": async ({ sessions }) =>
    await sessions.list(
      { ...anySession, startedAfterMs: weekAgoMs, startedBeforeMs: weekAgoMs + 3_600_000 },
      { beforeId: null, limit: 50 },
    ),
  "sessions.list of long ago": async ({ sessions }) =>
    await sessions.list(
      { ...anySession, startedBeforeMs: Date.now() - 120 * 24 * 3_600_000 },
      { beforeId: null, limit: 50 },
    ),
  "sessions.list of a server's before there were any": async ({ sessions }) =>
    await sessions.list(
      { ...anySession, serverId: 7n, startedBeforeMs: 1_000 },
      { beforeId: null, limit: 50 },
    ),
  "backups.get": async ({ backups }) => await backups.get(100_000n),
  "backups.operation": async ({ backups }) => await backups.operation(1_000n),
  "backups.list": async ({ backups }) => await backups.list(anyBackup, page),
  "backups.list with tombstones": async ({ backups }) =>
    await backups.list({ ...anyBackup, includeDeleted: true }, page),
  "backups.list of a game": async ({ backups }) =>
    await backups.list({ ...anyBackup, sgcId: 1n }, { beforeId: null, limit: 50 }),
  "backups.list of a game with tombstones": async ({ backups }) =>
    await backups.list({ ...anyBackup, sgcId: 1n, includeDeleted: true }, page),
  "backups.list of a session": async ({ backups }) =>
    await backups.list({ ...anyBackup, sessionId: 100_000n }, page),
  "backups.list of a session with tombstones": async ({ backups }) =>
    await backups.list({ ...anyBackup, sessionId: 100_000n, includeDeleted: true }, page),
  "backups.situations": async ({ backups }) => await backups.situations(requests),
  "backups.create": async ({ backups }) =>
    await backups.create(
      [
        { ...birth, sgcId: 1n },
        { ...birth, sgcId: 1_001n, requestId: "r-new" },
      ],
      1_000,
    ),
  "backups.change": async ({ backups }) =>
    await backups.change(199_999n, (backup, nowMs) => ({
      kind: "change",
      backup: { ...backup, status: "cancelled", finishedAtMs: nowMs, dueAtMs: null },
      who: "caller",
      why: "",
      command: backupCommand(backup),
      leftover: { objectKey: backup.objectKey, uploadId: null },
    })),
  "backups.takeDue": async ({ backups }) => await backups.takeDue(take),
  "backups.takeDue without leases": async ({ backups }) =>
    await backups.takeDue({ ...take, expireLeases: false }),
  "backups.renew": async ({ backups }) =>
    await backups.renew(7n, "i", [{ backupId: 1_000n, attempt: 1, progress: null }], 1_000),
  "backups.runningUnderOthers": async ({ backups }) =>
    await backups.runningUnderOthers(7n, "other", 0n, 100),
  "backups.extendLeases": async ({ backups }) => await backups.extendLeases(1_000),
  "backups.takeLeftovers": async ({ backups }) => await backups.takeLeftovers(20, 1_000),
  "backups.dropLeftover": async ({ backups }) => await backups.dropLeftover(1_000n),
  "backups.putOffLeftover": async ({ backups }) => await backups.putOffLeftover(1_000n, 1_000, ""),
  "survey.known": async ({ survey }) => await survey.known([1_000n, 100_000n, 199_999n]),
  "survey.completed": async ({ survey }) =>
    await survey.completed("backups/1", "backups/2/999999.tar.gz", 1_000),
  "survey.completed to the end": async ({ survey }) =>
    await survey.completed("backups/1", null, 1_000),
  "survey.findings": async ({ survey }) => await survey.findings(1n, 50_000n, 101),
  "outbox.relay": async ({ outbox }) =>
    await outbox.relay(20, async (messages) =>
      messages.map((_message, place) =>
        place % 2 === 0
          ? { kind: "sent" }
          : { kind: "put-off", waitMs: 3_600_000, reason: "no queue" },
      ),
    ),
  "outbox.retryFor": async ({ outbox }) => await outbox.retryFor(7n),
};

/** Pages of 8 KiB that one statement may touch: some hundred rows by index, where the tables have thousands of pages. */
const pagesMax = 1_500;

/** What must look at every backup that runs, 10,000 of them, and does so once after each absence of ours or at an operator's word. */
const pagesMaxOf: Partial<Record<string, number>> = {
  "backups.extendLeases": 15_000,
  "backups.runningUnderOthers": 15_000,
};

let database: RecordDatabase;
let records: Records;
beforeAll(async () => {
  database = await migratedDatabase();
  records = openRecords({ url: database.url, poolSize: 1 });
});
afterAll(async () => {
  await records.close();
  await database.remove();
});

describe("while the tables are as good as empty", () => {
  beforeAll(async () => {
    await fillAlmostNothing(database);
  });
  test.each(Object.keys(calls))("%s reads no table whole", async (name) => {
    const plans = await plansOf(name, "");
    expect(plans.flatMap(wholeReads)).toEqual([]);
  });
});

describe("with hundreds of thousands of rows", () => {
  beforeAll(async () => {
    await fill(database);
  });
  test.each(Object.keys(calls))("%s goes by an index of its own accord", async (name) => {
    const plans = await plansOf(name, "set local enable_seqscan = on");
    expect(plans.length).toBeGreaterThan(0);
    for (const plan of plans) {
      expect(wholeReads(plan)).toEqual([]);
      const pages = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"];
      expect(pages).toBeLessThan(pagesMaxOf[name] ?? pagesMax);
    }
  });
});

type Plan = {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Index Name"?: string;
  readonly "Index Cond"?: string;
  readonly "Shared Hit Blocks": number;
  readonly "Shared Read Blocks": number;
  readonly Plans?: readonly Plan[];
};

type Asking = { query: (this: Client, asked: unknown) => Promise<unknown> };

type Statement = { readonly text: string; readonly values: readonly unknown[] };

/** Makes the call, and before each of its statements executes, explains and takes back the same. */
async function plansOf(name: string, setting: string): Promise<readonly Plan[]> {
  const plans: Plan[] = [];
  let inTransaction = false;
  const prototype = Client.prototype as unknown as Asking;
  const { query } = prototype;
  const explained = async function explained(this: Client, asked: unknown): Promise<unknown> {
    const { text, values } = asked as Statement;
    if (values.length === 0) {
      inTransaction = text === "begin";
      return await query.call(this, asked);
    }
    await query.call(this, inTransaction ? "savepoint before" : "begin");
    await query.call(this, setting);
    const answer = await query.call(this, {
      text: `explain (analyze, buffers, format json) ${text}`,
      values,
    });
    const { rows } = answer as { rows: [{ "QUERY PLAN": [{ Plan: Plan }] }] };
    plans.push(rows[0]["QUERY PLAN"][0].Plan);
    await query.call(this, inTransaction ? "rollback to before" : "rollback");
    return await query.call(this, asked);
  };
  const spy = vi.spyOn(prototype, "query").mockImplementation(explained);
  try {
    await (calls[name] as (typeof calls)[string])(records);
  } finally {
    spy.mockRestore();
  }
  return plans;
}

/** The steps that read a table or an index from end to end. */
function wholeReads(plan: Plan): readonly Plan[] {
  return allNodes(plan).filter(
    (node) =>
      node["Node Type"] === "Seq Scan" ||
      (node["Node Type"] === "Bitmap Index Scan" && node["Index Cond"] === undefined),
  );
}

function allNodes(plan: Plan): readonly Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(allNodes)];
}

/** Just what the calls refer to, so that none of them fails. */
async function fillAlmostNothing({ query }: RecordDatabase): Promise<void> {
  await query("vacuum analyze");
  await query(`
    insert into server (name) select 'host-' || n from generate_series(1, 2) n;
    insert into game_config (game_id, name, image, args_template, env_template, entrypoint, command)
      values (1, '', '', '', '{}', '{}', '{}');
    insert into server_game_config (sgc_id, server_id, config_id, port_bindings)
      overriding system value values (1, 2, 1, '[]'), (1001, 2, 1, '[]'), (20000, 2, 1, '[]');
  `);
}

/** 20,000 games on 1,000 servers; 200,000 sessions and backups, most of them over, a tenth of them of game 1. */
async function fill({ query }: RecordDatabase): Promise<void> {
  await query("truncate server, game_config, outbox, bucket_survey restart identity cascade");
  await query(`
    insert into server (name, environment, last_seen_at)
      select 'host-' || n, 'dev', now() from generate_series(1, 1000) n;
    insert into game_config (game_id, name, image, args_template, env_template, entrypoint, command)
      select n % 1000, '', '', '', '{}', '{}', '{}' from generate_series(1, 20000) n;
    insert into server_game_config (server_id, config_id, port_bindings)
      select 1 + n % 1000, n, '[]' from generate_series(1, 20000) n;
    insert into session (sgc_id, server_id, status, created_at, started_at, ended_at)
      select game.sgc_id, game.server_id, case when n % 100 = 0 then 'crashed' else 'stopped' end,
        now() - (200000 - n) * interval '1 minute', now() - (200000 - n) * interval '1 minute', now()
      from generate_series(1, 180000) n
      join server_game_config game on game.sgc_id = case when n % 10 = 0 then 1 else 1 + n % 20000 end;
    insert into session (sgc_id, server_id, status, started_at)
      select sgc_id, server_id, 'running', now() from server_game_config;
    insert into session (sgc_id, server_id, status, started_at, due_at)
      select sgc_id, server_id, 'stopping', now(), now() + (sgc_id % 1000 - 10) * interval '1 minute'
      from server_game_config;
    insert into backup (sgc_id, server_id, session_id, request_id, status, object_key, finished_at)
      select session.sgc_id, session.server_id, session_id, 'r-' || session_id,
        case when session_id % 10 < 7 then 'deleted' else 'completed' end,
        'backups/' || session.sgc_id || '/' || session_id || '.tar.gz', now()
      from session where session_id <= 180000 order by session_id;
    insert into backup (sgc_id, server_id, session_id, status, object_key, due_at, visible_at,
        upload_id, upload_instance_id, event_count)
      select sgc_id, server_id, session_id, case when session_id % 2 = 0 then 'running' else 'pending' end,
        'k', now() + interval '1 hour', now() + (session_id % 1000 - 10) * interval '1 minute', 'u', 'i', 1
      from session where session_id between 180001 and 200000 order by session_id;
    insert into operation (sgc_id, kind, backup_id)
      select sgc_id, 'backup', backup_id from backup where backup_id > 180000 and sgc_id > 1;
    insert into backup_event (backup_id, sequence, to_status, attempt, who, why)
      select backup_id, 1, 'pending', 1, 'caller', '' from backup;
    insert into outbox (server_id, sgc_id, sequence, kind, session_id, tries, due_at)
      select 1 + n % 1000, n, 1, 'stop', n, n % 2, now() + (n % 1000 - 10) * interval '1 minute'
      from generate_series(1, 100000) n;
    insert into leftover (backup_id, object_key, due_at)
      select n, 'k', now() + (n % 1000 - 10) * interval '1 minute' from generate_series(1, 100000) n;
    insert into bucket_survey (finished_at) values (now()), (null);
    insert into bucket_finding (survey_id, kind, object_key, at)
      select 1 + n % 2, 'unknown_object', 'k', now() from generate_series(1, 100000) n;
  `);
  await query("vacuum analyze");
}
