// The runs of the games.
import { sql, type Kysely } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  // The unique key is what lists by game go through, and what records that name a session together with its game refer to.
  await sql`
    create table session (
      session_id bigint generated always as identity primary key,
      sgc_id bigint not null,
      server_id bigint not null,
      status text not null check (
        status in ('pending', 'starting', 'running', 'stopping', 'stopped', 'crashed', 'completed')
      ),
      created_at timestamptz not null default now(),
      started_at timestamptz,
      ended_at timestamptz,
      exit_code integer,
      error_message text not null default '',
      restored_from_backup_id bigint,
      foreign key (server_id, sgc_id) references server_game_config (server_id, sgc_id),
      unique (sgc_id, session_id),
      constraint session_end_is_dated check (
        (status in ('stopped', 'crashed', 'completed')) = (ended_at is not null)
      )
    )
  `.execute(db);
  await sql`
    create unique index session_one_live on session (sgc_id)
    where status in ('pending', 'starting', 'running')
  `.execute(db);
  await sql`create index session_by_server on session (server_id, session_id)`.execute(db);
  await sql`create index session_by_status on session (status, session_id)`.execute(db);
  await sql`
    create index session_by_server_status on session (server_id, status, session_id)
  `.execute(db);
  await sql`create index session_by_start on session (started_at, session_id)`.execute(db);
}
