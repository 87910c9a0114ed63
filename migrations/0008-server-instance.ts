// Which host manager a server belongs to.
import { sql, type Kysely } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  // instance_id is null until a host manager that names itself has registered, and after a takeover. former_instance_id is the one that
  // it was taken over from, so that this one is not the next that registers.
  await sql`
    alter table server
      add column instance_id text,
      add column former_instance_id text,
      add constraint server_instance_is_not_former check (instance_id <> former_instance_id)
  `.execute(db);
}
