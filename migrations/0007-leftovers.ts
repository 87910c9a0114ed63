// Uploads that no longer count, until they are cleared away in the object store.
import { sql, type Kysely } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  // upload_id null means every upload that is open under the key.
  await sql`
    create table leftover (
      leftover_id bigint generated always as identity primary key,
      backup_id bigint not null references backup,
      object_key text not null,
      upload_id text,
      due_at timestamptz not null default now(),
      tries integer not null default 0,
      last_error text not null default '',
      created_at timestamptz not null default now()
    ) with (
      autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000,
      autovacuum_vacuum_cost_delay = 0, vacuum_truncate = off
    )
  `.execute(db);
  await sql`create index leftover_due on leftover (due_at, leftover_id)`.execute(db);
}
