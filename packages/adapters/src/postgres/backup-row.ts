// A backup's row and its record.
import type { Backup, ClaimedUpload, Failure } from "@manman/core/backup/backup.ts";
import { sql, type RawBuilder, type Selectable } from "kysely";
import type { Tables } from "./rows.ts";

/** The columns that make up a record. */
export const backupColumns = [
  "backup_id",
  "sgc_id",
  "server_id",
  "session_id",
  "description",
  "request_id",
  "status",
  "status_since",
  "attempt",
  "object_key",
  "upload_id",
  "upload_instance_id",
  "report",
  "progress",
  "failure_code",
  "failure_message",
  "created_at",
  "started_at",
  "finished_at",
  "due_at",
  "due_tries",
] as const;

export type BackupRow = Pick<Selectable<Tables["backup"]>, (typeof backupColumns)[number]>;

/** The same columns of a table or step by that name, for statements that are written out. */
export function backupColumnsOf(source: string): RawBuilder<unknown> {
  return sql.join(backupColumns.map((column) => sql.ref(`${source}.${column}`)));
}

export function toBackup(row: BackupRow): Backup {
  return {
    backupId: row.backup_id,
    sgcId: row.sgc_id,
    sessionId: row.session_id,
    serverId: row.server_id,
    description: row.description,
    requestId: row.request_id,
    status: row.status,
    statusSinceMs: row.status_since,
    attempt: row.attempt,
    objectKey: row.object_key,
    upload: uploadOf(row),
    report: row.report,
    progress: row.progress,
    failure: failureOf(row),
    createdAtMs: row.created_at,
    startedAtMs: row.started_at,
    finishedAtMs: row.finished_at,
    dueAtMs: row.due_at,
    dueTries: row.due_tries,
  };
}

function uploadOf(row: BackupRow): ClaimedUpload | null {
  const { upload_id: uploadId, upload_instance_id: instanceId } = row;
  return uploadId === null || instanceId === null ? null : { uploadId, instanceId };
}

function failureOf(row: BackupRow): Failure | null {
  const { failure_code: code, failure_message: message } = row;
  return code === null || message === null ? null : { code, message };
}
