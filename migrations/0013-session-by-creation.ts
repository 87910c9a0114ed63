// Which sessions there were at a time: lists by the time of start find by it where they have to begin.
import { sql, type Kysely } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create index session_by_creation on session (created_at, session_id)`.execute(db);
}
