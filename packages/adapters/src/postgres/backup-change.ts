// Applies a rule to one backup under its row lock, and writes everything that follows from its answer in the same transaction.
import type { Backup, BackupChange, BackupDecision } from "@manman/core/backup/backup.ts";
import { assertSameIdentity } from "@manman/core/backup/backup-identity.ts";
import { holdsOperation } from "@manman/core/backup/lifecycle.ts";
import type { BackupUnder, Outcome, Rule } from "@manman/core/ports.ts";
import { sql, type Kysely, type RawBuilder, type Transaction } from "kysely";
import { backupColumnsOf, toBackup, type BackupRow } from "./backup-row.ts";
import { queueingSteps } from "./command-columns.ts";
import { withFaults } from "./faults.ts";
import { timeAt, type Tables } from "./rows.ts";
import { holdServer } from "./server-records.ts";
import { storableBackup } from "./storable-backup.ts";
import { storableJson, storableText } from "./storable-text.ts";

/** See BackupRecords.change. */
export async function changeBackup(
  db: Kysely<Tables>,
  backupId: bigint,
  rule: Rule<Backup, BackupDecision>,
): Promise<Outcome<Backup, BackupDecision> | null> {
  return await withFaults(
    `change backup ${backupId}`,
    async () =>
      await db
        .transaction()
        .execute(async (transaction) => await changeLocked(transaction, backupId, rule)),
  );
}

/** See BackupRecords.changeUnder. The server is locked before the backup, and nobody locks them the other way round. */
export async function changeBackupUnder(
  db: Kysely<Tables>,
  serverId: bigint,
  backupId: bigint,
  rule: Rule<BackupUnder, BackupDecision>,
): Promise<Outcome<Backup, BackupDecision> | null> {
  return await withFaults(
    `change backup ${backupId} for server ${serverId}`,
    async () =>
      await db.transaction().execute(async (transaction) => {
        const server = await holdServer(transaction, serverId);
        return await changeLocked(transaction, backupId, (backup, nowMs) =>
          rule({ backup, server }, nowMs),
        );
      }),
  );
}

async function changeLocked(
  transaction: Transaction<Tables>,
  backupId: bigint,
  rule: Rule<Backup, BackupDecision>,
): Promise<Outcome<Backup, BackupDecision> | null> {
  const locked = await lockBackup(transaction, backupId);
  if (locked === null) return null;
  const decision = rule(locked.backup, locked.nowMs);
  if (decision.kind !== "change") return { record: locked.backup, decision };
  const change = { ...decision, backup: storableBackup(decision.backup) };
  await writeChange(transaction, locked.backup, change);
  return { record: change.backup, decision: change };
}

/** The time is read outside the locking step, so that it is that of the moment when the lock was had. */
async function lockBackup(
  transaction: Transaction<Tables>,
  backupId: bigint,
): Promise<{ readonly backup: Backup; readonly nowMs: number } | null> {
  const { rows } = await sql<BackupRow & { now: number }>`
    with locked as materialized (
      select * from backup where backup_id = ${backupId} for no key update
    )
    select ${backupColumnsOf("locked")}, clock_timestamp() as now from locked
  `.execute(transaction);
  const [row] = rows;
  return row === undefined ? null : { backup: toBackup(row), nowMs: row.now };
}

/** One statement, whose steps are those that this change needs. */
async function writeChange(
  transaction: Transaction<Tables>,
  before: Backup,
  change: BackupChange,
): Promise<void> {
  const after = change.backup;
  assertSameIdentity(before, after);
  const isTransition = after.status !== before.status || after.attempt !== before.attempt;
  const steps = [recordStep(before, after, isTransition)];
  if (isTransition) steps.push(eventStep(before, change));
  if (holdsOperation(before.status) && !holdsOperation(after.status)) {
    steps.push(sql`released as (delete from operation where backup_id = ${after.backupId})`);
  }
  if (change.command !== undefined) steps.push(queueingSteps(change.command));
  if (change.leftover !== undefined) {
    const { objectKey, uploadId } = change.leftover;
    steps.push(sql`left_over as (
      insert into leftover (backup_id, object_key, upload_id)
      values (${after.backupId}, ${objectKey}, ${uploadId})
    )`);
  }
  await sql`with ${sql.join(steps)} select from recorded`.execute(transaction);
}

/** Large values go over the wire only where the rule has changed them. */
function recordStep(before: Backup, after: Backup, isTransition: boolean): RawBuilder<unknown> {
  const report =
    after.report === before.report ? sql`report` : sql`${storableJson(after.report)}::jsonb`;
  return sql`recorded as (
    update backup set
      status = ${after.status},
      status_since = ${timeAt(after.statusSinceMs)},
      attempt = ${after.attempt},
      upload_id = ${after.upload?.uploadId ?? null},
      upload_instance_id = ${after.upload?.instanceId ?? null},
      report = ${report},
      progress = ${storableJson(after.progress)}::jsonb,
      failure_code = ${after.failure?.code ?? null},
      failure_message = ${after.failure?.message ?? null},
      started_at = ${timeAt(after.startedAtMs)},
      finished_at = ${timeAt(after.finishedAtMs)},
      due_at = ${timeAt(after.dueAtMs)},
      due_tries = ${after.dueTries},
      visible_at = ${timeAt(after.dueAtMs)},
      event_count = event_count + ${isTransition ? 1 : 0}
    where backup_id = ${after.backupId}
    returning backup_id, event_count
  )`;
}

function eventStep(before: Backup, { backup: after, who, why }: BackupChange): RawBuilder<unknown> {
  return sql`logged as (
    insert into backup_event (backup_id, sequence, at, from_status, to_status, attempt, who, why)
    select backup_id, event_count, clock_timestamp(), ${before.status}, ${after.status},
      ${after.attempt}::integer, ${who}, ${storableText(why)}
    from recorded
  )`;
}
