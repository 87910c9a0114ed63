// Which installation this database is of, so that its control planes know their bucket from another's.
import { sql, type Kysely } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  // One row, made here and never another one: is_only admits no second.
  await sql`
    create table installation (
      is_only boolean primary key default true check (is_only),
      installation_id uuid not null default gen_random_uuid(),
      created_at timestamptz not null default now()
    )
  `.execute(db);
  await sql`insert into installation default values`.execute(db);
}
