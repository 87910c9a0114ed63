// The backups, the lock that lets one operation at a time work on a game, and the log of every transition.
import { sql, type Kysely } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  await createBackup(db);
  await createOperation(db);
  await createBackupEvent(db);
}

async function createBackup(db: Kysely<unknown>): Promise<void> {
  // due_at is what the rules see. visible_at is when takers see the record next: due_at, or later while one of them holds it.
  // The constraints state what keeps a backup from being stuck: a state that somebody must end has a time to look at it.
  await sql`
    create table backup (
      backup_id bigint generated always as identity (sequence name backup_id_sequence) primary key,
      sgc_id bigint not null,
      server_id bigint not null,
      session_id bigint,
      description text not null default '',
      request_id text,
      status text not null check (
        status in (
          'pending', 'running', 'verifying', 'completed', 'failed', 'cancelled', 'deleting', 'deleted'
        )
      ),
      status_since timestamptz not null default now(),
      attempt integer not null default 1 check (attempt >= 1),
      object_key text not null,
      upload_id text,
      upload_instance_id text,
      report jsonb,
      progress jsonb,
      failure_code text,
      failure_message text,
      created_at timestamptz not null default now(),
      started_at timestamptz,
      finished_at timestamptz,
      due_at timestamptz,
      due_tries integer not null default 0,
      visible_at timestamptz,
      event_count integer not null default 0,
      foreign key (server_id, sgc_id) references server_game_config (server_id, sgc_id),
      foreign key (sgc_id, session_id) references session (sgc_id, session_id),
      constraint backup_upload_is_whole check ((upload_id is null) = (upload_instance_id is null)),
      constraint backup_failure_is_whole check ((failure_code is null) = (failure_message is null)),
      constraint backup_running_has_upload check (status <> 'running' or upload_id is not null),
      constraint backup_verifying_has_report check (
        status <> 'verifying' or (upload_id is not null and report is not null)
      ),
      constraint backup_end_is_dated check (
        (status in ('pending', 'running', 'verifying')) = (finished_at is null)
      ),
      constraint backup_is_looked_after check (
        (status in ('pending', 'running', 'verifying', 'deleting')) = (due_at is not null)
        and (due_at is null) = (visible_at is null)
      )
    ) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02)
  `.execute(db);
  await sql`
    create unique index backup_by_request on backup (request_id) where request_id is not null
  `.execute(db);
  // Tombstones stay for ever and would fill the pages of the usual lists, so they have indexes of their own.
  await sql`
    create index backup_by_game on backup (sgc_id, backup_id) where status <> 'deleted'
  `.execute(db);
  await sql`
    create index backup_by_session on backup (session_id, backup_id)
    where session_id is not null and status <> 'deleted'
  `.execute(db);
  await sql`create index backup_kept on backup (backup_id) where status <> 'deleted'`.execute(db);
  await sql`
    create index backup_deleted_by_game on backup (sgc_id, backup_id) where status = 'deleted'
  `.execute(db);
  await sql`
    create index backup_deleted_by_session on backup (session_id, backup_id)
    where session_id is not null and status = 'deleted'
  `.execute(db);
  await sql`
    create index backup_due on backup (visible_at, status) where visible_at is not null
  `.execute(db);
  await sql`
    alter table session
    add constraint session_restored_from foreign key (restored_from_backup_id) references backup
  `.execute(db);
}

async function createOperation(db: Kysely<unknown>): Promise<void> {
  // Rows come and go with every backup. The empty end of the file is kept, since cutting it off would lock everybody out.
  await sql`
    create table operation (
      sgc_id bigint primary key references server_game_config,
      kind text not null check (kind in ('backup')),
      backup_id bigint not null unique references backup,
      began_at timestamptz not null default now()
    ) with (
      autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000,
      autovacuum_vacuum_cost_delay = 0, vacuum_truncate = off
    )
  `.execute(db);
}

async function createBackupEvent(db: Kysely<unknown>): Promise<void> {
  // sequence is counted per backup under its row lock. from_status is null at birth.
  await sql`
    create table backup_event (
      backup_id bigint not null references backup,
      sequence integer not null check (sequence >= 1),
      at timestamptz not null default now(),
      from_status text check (
        from_status in (
          'pending', 'running', 'verifying', 'completed', 'failed', 'cancelled', 'deleting', 'deleted'
        )
      ),
      to_status text not null check (
        to_status in (
          'pending', 'running', 'verifying', 'completed', 'failed', 'cancelled', 'deleting', 'deleted'
        )
      ),
      attempt integer not null,
      who text not null check (who in ('caller', 'host', 'reconciler')),
      why text not null,
      primary key (backup_id, sequence)
    )
  `.execute(db);
}
