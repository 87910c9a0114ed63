// A session's row and its record.
import type { Session } from "@manman/core/session/session.ts";
import { sql, type RawBuilder, type Selectable } from "kysely";
import type { Tables } from "./rows.ts";

/** The columns that make up a record. */
export const sessionColumns = [
  "session_id",
  "sgc_id",
  "server_id",
  "status",
  "created_at",
  "started_at",
  "ended_at",
  "exit_code",
  "error_message",
  "restored_from_backup_id",
  "status_since",
  "due_at",
  "due_tries",
] as const;

export type SessionRow = Pick<Selectable<Tables["session"]>, (typeof sessionColumns)[number]>;

/** The same columns of a table or step by that name, for statements that are written out. */
export function sessionColumnsOf(source: string): RawBuilder<unknown> {
  return sql.join(sessionColumns.map((column) => sql.ref(`${source}.${column}`)));
}

export function toSession(row: SessionRow): Session {
  return {
    sessionId: row.session_id,
    sgcId: row.sgc_id,
    serverId: row.server_id,
    status: row.status,
    statusSinceMs: row.status_since,
    createdAtMs: row.created_at,
    startedAtMs: row.started_at,
    endedAtMs: row.ended_at,
    exitCode: row.exit_code,
    errorMessage: row.error_message,
    restoredFromBackupId: row.restored_from_backup_id,
    dueAtMs: row.due_at,
    dueTries: row.due_tries,
  };
}
