// What keeps a host from taking new work on, so that whoever waits for it can be told.
import { sql, type Kysely } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  // As the host manager said last, with each heartbeat anew; empty where nothing does.
  await sql`alter table server add column host_problem text not null default ''`.execute(db);
}
