// The game hosts.
import { sql, type Kysely } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  // Heartbeats write every row again every few seconds: half a page is left free, so that the new version finds room beside the old
  // one and no index has to be touched.
  await sql`
    create table server (
      server_id bigint generated always as identity primary key,
      name text not null unique check (name <> ''),
      environment text not null default '',
      is_default boolean not null default false,
      capabilities jsonb,
      last_seen_at timestamptz,
      created_at timestamptz not null default now()
    ) with (fillfactor = 50)
  `.execute(db);
  await sql`create unique index server_one_default on server (is_default) where is_default`.execute(
    db,
  );
}
