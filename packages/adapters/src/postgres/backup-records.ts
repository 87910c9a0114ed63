// The records of backups.
import type { Backup, BackupEvent } from "@manman/core/backup/backup.ts";
import type { OperationInProgress } from "@manman/core/backup/create-backup.ts";
import type { BackupFilter, BackupRecords, Page } from "@manman/core/ports.ts";
import { sql, type Kysely, type RawBuilder } from "kysely";
import { changeBackup, changeBackupUnder } from "./backup-change.ts";
import { backupSituations, createBackups } from "./backup-creation.ts";
import { extendRunningLeases, renewLeases, takeDueBackups } from "./backup-due.ts";
import { backupColumns, toBackup, type BackupRow } from "./backup-row.ts";
import { withFaults } from "./faults.ts";
import { leftoverRecords } from "./leftovers.ts";
import { newestFirst } from "./newest-first.ts";
import type { Tables } from "./rows.ts";

export function backupRecords(db: Kysely<Tables>): BackupRecords {
  return {
    situations: async (requests) => await backupSituations(db, requests),
    create: async (births, redispatchMs) => await createBackups(db, births, redispatchMs),
    changeUnder: async (serverId, backupId, rule) =>
      await changeBackupUnder(db, serverId, backupId, rule),
    change: async (backupId, rule) => await changeBackup(db, backupId, rule),
    get: async (backupId) =>
      await withFaults(`get backup ${backupId}`, async () => await getBackup(db, backupId)),
    list: async (filter, page) =>
      await withFaults("list backups", async () => await listBackups(db, filter, page)),
    events: async (backupId, afterSequence, limit) =>
      await withFaults(
        `list the events of backup ${backupId}`,
        async () => await listEvents(db, backupId, afterSequence, limit),
      ),
    operation: async (sgcId) =>
      await withFaults(
        `look up the operation of server game config ${sgcId}`,
        async () => await getOperation(db, sgcId),
      ),
    renew: async (serverId, instanceId, attempts, leaseMs) =>
      await renewLeases(db, serverId, instanceId, attempts, leaseMs),
    takeDue: async (take) => await takeDueBackups(db, take),
    runningUnderOthers: async (serverId, ...which) =>
      await withFaults(
        `list what runs on server ${serverId}`,
        async () => await runningUnderOthers(db, serverId, ...which),
      ),
    extendLeases: async (atLeastMs) => await extendRunningLeases(db, atLeastMs),
    ...leftoverRecords(db),
  };
}

async function getBackup(db: Kysely<Tables>, backupId: bigint): Promise<Backup | null> {
  const row = await db
    .selectFrom("backup")
    .select(backupColumns)
    .where("backup_id", "=", backupId)
    .executeTakeFirst();
  return row === undefined ? null : toBackup(row);
}

/** What runs is found by the index of what is due, in which all of it stands: 10,000 rows on a busy day. */
async function runningUnderOthers(
  db: Kysely<Tables>,
  serverId: bigint,
  instanceId: string | null,
  afterId: bigint,
  limit: number,
): Promise<readonly Backup[]> {
  const rows = await db
    .selectFrom("backup")
    .select(backupColumns)
    .where("visible_at", "is not", null)
    .where("status", "=", sql.lit("running" as const))
    .where("server_id", "=", serverId)
    .where(sql<boolean>`upload_instance_id is distinct from ${instanceId}`)
    .where("backup_id", ">", afterId)
    .orderBy("backup_id")
    .limit(limit)
    .execute();
  return rows.map(toBackup);
}

async function listEvents(
  db: Kysely<Tables>,
  backupId: bigint,
  afterSequence: number,
  limit: number,
): Promise<readonly BackupEvent[]> {
  const rows = await db
    .selectFrom("backup_event")
    .select(["sequence", "at", "from_status", "to_status", "attempt", "who", "why"])
    .where("backup_id", "=", backupId)
    .where("sequence", ">", afterSequence)
    .orderBy("sequence")
    .limit(limit)
    .execute();
  return rows.map(({ at, from_status: from, to_status: to, ...event }) => ({
    ...event,
    atMs: at,
    from,
    to,
  }));
}

async function getOperation(
  db: Kysely<Tables>,
  sgcId: bigint,
): Promise<OperationInProgress | null> {
  const row = await db
    .selectFrom("operation")
    .select(["kind", "backup_id"])
    .where("sgc_id", "=", sgcId)
    .executeTakeFirst();
  return row === undefined ? null : { kind: row.kind, backupId: row.backup_id };
}

/** Tombstones have indexes of their own, so that a list with them is merged from two. */
async function listBackups(
  db: Kysely<Tables>,
  filter: BackupFilter,
  page: Page,
): Promise<readonly Backup[]> {
  const kept = backupPage(db, filter, page, "<>");
  if (!filter.includeDeleted) return (await kept.execute()).map(toBackup);
  const { rows } = await sql<BackupRow>`
    (${kept}) union all (${backupPage(db, filter, page, "=")})
    order by backup_id desc limit ${page.limit}
  `.execute(db);
  return rows.map(toBackup);
}

/** The status is written out, since only so the planner sees that a partial index holds all that is asked for. */
function backupPage(
  db: Kysely<Tables>,
  { sgcId, sessionId }: BackupFilter,
  { beforeId, limit }: Page,
  deleted: "=" | "<>",
) {
  const equal: Record<string, RawBuilder<unknown>> = sessionId !== null
    ? { session_id: sql`${sessionId}::bigint` }
    : sgcId !== null
      ? { sgc_id: sql`${sgcId}::bigint` }
      : {};
  const { where, orderBy } = newestFirst(equal, "backup_id", beforeId);
  const query = db
    .selectFrom("backup")
    .select(backupColumns)
    .where("status", deleted, sql.lit("deleted" as const))
    .where(where)
    .orderBy(orderBy)
    .limit(limit);
  return sessionId !== null && sgcId !== null ? query.where("sgc_id", "=", sgcId) : query;
}
