// The commands that were committed together with the change that calls for them, until the broker has them.
import { sql, type Kysely } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  // The columns are those of a command of any kind; the body is written when it is relayed. The ids were taken from locked rows in the
  // same transaction, so that foreign keys would guard nothing and cost the hottest insert there is.
  // Rows live for milliseconds: dead ones are cleared away by number, not by share, and the file is never cut off under its readers.
  await sql`
    create table outbox (
      outbox_id bigint generated always as identity primary key,
      message_id uuid not null default gen_random_uuid(),
      server_id bigint not null,
      sgc_id bigint not null,
      sequence bigint not null,
      kind text not null check (kind in ('backup', 'start', 'stop', 'kill', 'input')),
      session_id bigint,
      backup_id bigint,
      attempt integer,
      object_key text,
      recipe jsonb,
      input bytea,
      due_at timestamptz not null default now(),
      tries integer not null default 0,
      last_error text not null default '',
      created_at timestamptz not null default now(),
      constraint outbox_backup_is_whole check (
        (kind = 'backup') = (backup_id is not null and attempt is not null and object_key is not null)
      ),
      constraint outbox_session_is_named check (kind = 'backup' or session_id is not null),
      constraint outbox_start_has_recipe check ((kind = 'start') = (recipe is not null)),
      constraint outbox_input_has_bytes check ((kind = 'input') = (input is not null))
    ) with (
      autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000,
      autovacuum_vacuum_cost_delay = 0, vacuum_truncate = off
    )
  `.execute(db);
  await sql`create index outbox_due on outbox (due_at, outbox_id)`.execute(db);
  await sql`create index outbox_put_off on outbox (server_id, outbox_id) where tries > 0`.execute(
    db,
  );
}
