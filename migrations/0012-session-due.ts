// When the reconciler must look at a session whose host has to begin or to end it.
import { sql, type Kysely } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  // A default that is the same for every row writes none of them. Sessions that wait already count from now on.
  await sql`
    alter table session
      add column status_since timestamptz not null default now(),
      add column due_at timestamptz,
      add column due_tries integer not null default 0
  `.execute(db);
  await sql`
    update session set due_at = now() where status in ('pending', 'starting', 'stopping')
  `.execute(db);
  await sql`
    alter table session add constraint session_is_looked_after check (
      (status in ('pending', 'starting', 'stopping')) = (due_at is not null)
    )
  `.execute(db);
  await sql`create index session_due on session (due_at) where due_at is not null`.execute(db);
}
