// The records of the runs of games.
import type { Page, SessionFilter, SessionRecords } from "@manman/core/ports.ts";
import type { Session } from "@manman/core/session/session.ts";
import { sql, type Kysely, type RawBuilder } from "kysely";
import { withFaults } from "./faults.ts";
import { newestFirst } from "./newest-first.ts";
import { hostColumns, toHostState, type HostColumns } from "./host-columns.ts";
import { timeAt, type Tables } from "./rows.ts";
import { changeSession, startSession } from "./session-change.ts";
import { sessionColumns, sessionColumnsOf, toSession, type SessionRow } from "./session-row.ts";

export function sessionRecords(db: Kysely<Tables>): SessionRecords {
  return {
    start: async (sgcId, rule) => await startSession(db, sgcId, rule),
    change: async (sessionId, rule) => await changeSession(db, sessionId, rule),
    get: async (sessionId) =>
      await withFaults(`get session ${sessionId}`, async () => await getSession(db, sessionId)),
    due: async (limit, hostOnlineMs) =>
      await withFaults(
        "look for due sessions",
        async () => await dueSessions(db, limit, hostOnlineMs),
      ),
    list: async (filter, page) =>
      await withFaults("list sessions", async () => await listSessions(db, filter, page)),
  };
}

async function getSession(db: Kysely<Tables>, sessionId: bigint): Promise<Session | null> {
  const row = await db
    .selectFrom("session")
    .select(sessionColumns)
    .where("session_id", "=", sessionId)
    .executeTakeFirst();
  return row === undefined ? null : toSession(row);
}

async function dueSessions(
  db: Kysely<Tables>,
  limit: number,
  hostOnlineMs: number,
): ReturnType<SessionRecords["due"]> {
  const { rows } = await sql<SessionRow & HostColumns>`
    select ${sessionColumnsOf("session")}, ${hostColumns(hostOnlineMs)}
    from session join server using (server_id)
    where session.due_at <= now()
    order by session.due_at
    limit ${limit}
  `.execute(db);
  return rows.map((row) => ({ session: toSession(row), host: toHostState(row) }));
}

/**
 * A list by status takes the newest of each status and merges them: an index has those of one status in order, but not those of
 * several, and walking past millions of ended sessions to find the live ones would take minutes. One game's sessions are few
 * enough to walk.
 */
async function listSessions(
  db: Kysely<Tables>,
  filter: SessionFilter,
  page: Page,
): Promise<readonly Session[]> {
  const { sgcId, serverId, statuses } = filter;
  if (sgcId !== null) {
    let query = sessionPage(db, filter, page, { sgc_id: sql`${sgcId}::bigint` });
    if (serverId !== null) query = query.where("server_id", "=", serverId);
    if (statuses.length > 0) query = query.where(sql<boolean>`status = any(${statuses}::text[])`);
    return (await query.execute()).map(toSession);
  }
  const onServer: Equal = serverId === null ? {} : { server_id: sql`${serverId}::bigint` };
  if (statuses.length === 0) {
    return (await sessionPage(db, filter, page, onServer).execute()).map(toSession);
  }
  const ofOneStatus = { ...onServer, "session.status": sql`wanted.status` };
  const { rows } = await sql<SessionRow>`
    select ${sessionColumnsOf("found")}
    from (select distinct status from unnest(${statuses}::text[]) as given (status)) as wanted
    cross join lateral (${sessionPage(db, filter, page, ofOneStatus)}) as found
    order by session_id desc limit ${page.limit}
  `.execute(db);
  return rows.map(toSession);
}

type Equal = Readonly<Record<string, RawBuilder<unknown>>>;

function sessionPage(db: Kysely<Tables>, filter: SessionFilter, page: Page, equal: Equal) {
  const { where, orderBy } = newestFirst(equal, "session_id", page.beforeId);
  let query = db
    .selectFrom("session")
    .select(sessionColumns)
    .where(where)
    .orderBy(orderBy)
    .limit(page.limit);
  const { startedAfterMs, startedBeforeMs } = filter;
  if (startedAfterMs !== null) {
    query = query.where(sql<boolean>`started_at > ${timeAt(startedAfterMs)}`);
  }
  if (startedBeforeMs !== null) {
    query = query
      .where(sql<boolean>`started_at < ${timeAt(startedBeforeMs)}`)
      .where(sql<boolean>`session_id <= (${newestOf(startedBeforeMs)})`);
  }
  return query;
}

/**
 * The highest id of the sessions that were there at a time, null where there were none. A list from the newest on would walk past all that
 * came later. Ids are taken within a transaction whose beginning is `created_at`, so that they are in its order but for a minute.
 */
function newestOf(atMs: number): RawBuilder<unknown> {
  const at = timeAt(atMs);
  // The offset keeps the planner from looking for the highest id from the newest session on.
  return sql`
    select max(session_id) from (
      select session_id from session as near
      where near.created_at < ${at}
        and near.created_at >= (
          select last.created_at from session as last
          where last.created_at < ${at} order by last.created_at desc limit 1
        ) - interval '1 minute'
      offset 0
    ) as newest
  `;
}
