// What is due among the backups, and the leases of those that run.
import type { Backup } from "@manman/core/backup/backup.ts";
import { reasonOfLoss } from "@manman/core/backup/claim-attempt.ts";
import { backupStatuses } from "@manman/core/backup/lifecycle.ts";
import type { BackupRecords, HeldAttempt } from "@manman/core/ports.ts";
import { sql, type Kysely } from "kysely";
import { backupColumns, backupColumnsOf, toBackup, type BackupRow } from "./backup-row.ts";
import { withFaults } from "./faults.ts";
import { hostColumns, toHostState, type HostColumns } from "./host-columns.ts";
import { interval, type Tables } from "./rows.ts";
import { storableJson } from "./storable-text.ts";

/**
 * See BackupRecords.takeDue. Taking moves `visible_at` and not `due_at`: the rules go by `due_at`, and a record that is shown to
 * one of them must not look as if somebody had been there already.
 */
export async function takeDueBackups(
  db: Kysely<Tables>,
  { limit, holdMs, hostOnlineMs, expireLeases }: Parameters<BackupRecords["takeDue"]>[0],
): ReturnType<BackupRecords["takeDue"]> {
  const statuses = backupStatuses.filter((status) => expireLeases || status !== "running");
  const { rows } = await withFaults(
    "take due backups",
    async () =>
      await sql<BackupRow & HostColumns>`
        with due as materialized (
          select backup_id from backup
          where visible_at <= now() and status = any(${statuses}::text[])
          order by visible_at
          limit ${limit}
          for no key update skip locked
        ),
        taken as (
          update backup set visible_at = now() + ${interval(holdMs)}
          where backup_id = any(array(select backup_id from due))
          returning *
        )
        select ${backupColumnsOf("taken")}, ${hostColumns(hostOnlineMs)}
        from taken cross join lateral (
          -- The offset keeps the planner from reading every server for the few that are due.
          select * from server where server.server_id = taken.server_id offset 0
        ) server
        order by due_at, backup_id
      `.execute(db),
  );
  return rows.map((row) => ({ backup: toBackup(row), host: toHostState(row) }));
}

/** See BackupRecords.renew. The attempts that were not renewed are judged by their records as they are afterwards. */
export async function renewLeases(
  db: Kysely<Tables>,
  serverId: bigint,
  instanceId: string,
  attempts: readonly HeldAttempt[],
  leaseMs: number,
): ReturnType<BackupRecords["renew"]> {
  if (attempts.length === 0) return [];
  return await withFaults(`renew leases of server ${serverId}`, async () => {
    const renewed = await renewHeld(db, serverId, instanceId, attempts, leaseMs);
    const missed = attempts.filter((held) => !renewed.has(nameOf(held)));
    if (missed.length === 0) return [];
    const records = await backupsById(db, missed);
    return missed.flatMap(({ backupId, attempt }) => {
      const claim = { serverId, instanceId, attempt };
      const reason = reasonOfLoss(backupId, records.get(backupId), claim);
      return reason === null ? [] : [{ backupId, attempt, reason }];
    });
  });
}

/** Rows are locked in the order of their ids, as by `extendRunningLeases`, so that the two never wait for each other in a circle. */
async function renewHeld(
  db: Kysely<Tables>,
  serverId: bigint,
  instanceId: string,
  attempts: readonly HeldAttempt[],
  leaseMs: number,
): Promise<ReadonlySet<string>> {
  const ids = attempts.map(({ backupId }) => backupId);
  const { rows } = await sql<{ backup_id: bigint; attempt: number }>`
    with held as materialized (
      select * from unnest(
        ${ids}::bigint[],
        ${attempts.map(({ attempt }) => attempt)}::integer[],
        ${attempts.map(({ progress }) => storableJson(progress))}::jsonb[]
      ) as given (backup_id, attempt, progress)
    ),
    locked as materialized (
      select backup_id, attempt from backup
      where backup_id = any(${ids}::bigint[])
        and status = 'running'
        and server_id = ${serverId}
        and upload_instance_id = ${instanceId}
      order by backup_id
      for no key update
    ),
    moment as materialized (
      select clock_timestamp() as at, array_agg(backup_id) as ids
      from locked join held using (backup_id, attempt)
    )
    update backup set
      due_at = at + ${interval(leaseMs)},
      visible_at = at + ${interval(leaseMs)},
      progress = coalesce(
        (
          select held.progress from held
          where held.backup_id = backup.backup_id and held.attempt = backup.attempt limit 1
        ) || jsonb_build_object('updatedAtMs', floor(extract(epoch from at) * 1000)),
        backup.progress
      )
    from moment where backup_id = any(moment.ids)
    returning backup_id, attempt
  `.execute(db);
  return new Set(rows.map((row) => nameOf({ backupId: row.backup_id, attempt: row.attempt })));
}

function nameOf({ backupId, attempt }: Pick<HeldAttempt, "backupId" | "attempt">): string {
  return `${backupId}/${attempt}`;
}

async function backupsById(
  db: Kysely<Tables>,
  attempts: readonly HeldAttempt[],
): Promise<ReadonlyMap<bigint, Backup>> {
  const ids = attempts.map(({ backupId }) => backupId);
  const rows = await db
    .selectFrom("backup")
    .select(backupColumns)
    .where(sql<boolean>`backup_id = any(${ids}::bigint[])`)
    .execute();
  return new Map(rows.map((row) => [row.backup_id, toBackup(row)]));
}

/** See BackupRecords.extendLeases. */
export async function extendRunningLeases(db: Kysely<Tables>, atLeastMs: number): Promise<void> {
  await withFaults(
    "extend leases",
    async () =>
      await sql`
        with extended as materialized (
          select backup_id from backup
          where visible_at is not null and status = 'running'
            and due_at < now() + ${interval(atLeastMs)}
          order by backup_id
          for no key update
        )
        update backup set
          due_at = now() + ${interval(atLeastMs)},
          visible_at = greatest(visible_at, now() + ${interval(atLeastMs)})
        where backup_id = any(array(select backup_id from extended))
      `.execute(db),
  );
}
