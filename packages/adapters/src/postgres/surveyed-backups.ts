// What a survey of the bucket asks of the backups: which of these are known, and which archives ought to be there.
import type { BackupStatus } from "@manman/core/backup/lifecycle.ts";
import type { CompletedBackup, SurveyedRecords } from "@manman/core/bucket-survey.ts";
import { sql, type Kysely } from "kysely";
import type { Tables } from "./rows.ts";
import { storablePlace } from "./storable-text.ts";

/** See SurveyRecords.known. One snapshot, so that a record that has ended is seen with its leftover. */
export async function knownBackups(
  db: Kysely<Tables>,
  backupIds: readonly bigint[],
): Promise<SurveyedRecords> {
  const { rows } = await sql<{
    now: number;
    backup_id: bigint | null;
    object_key: string;
    status: BackupStatus;
    status_since: number;
    leftover_uploads: readonly (string | null)[];
  }>`
    select moment.at as now, backup_id, object_key, status, status_since,
      array(
        select upload_id from leftover where leftover.backup_id = backup.backup_id
      ) as leftover_uploads
    from (select clock_timestamp() as at) as moment
    left join backup on backup_id = any(${[...backupIds]}::bigint[])
  `.execute(db);
  const [first] = rows;
  if (first === undefined) throw new Error("the database did not tell the time");
  const known = rows.flatMap(({ backup_id: backupId, ...row }) =>
    backupId === null
      ? []
      : [
          {
            backupId,
            objectKey: row.object_key,
            status: row.status,
            statusSinceMs: row.status_since,
            leftoverUploads: row.leftover_uploads,
          },
        ],
  );
  return { nowMs: first.now, known };
}

/** See SurveyRecords.completed. The index is in byte order, as stores list keys. */
export async function completedBackups(
  db: Kysely<Tables>,
  afterKey: string | null,
  upToKey: string | null,
  limit: number,
): Promise<readonly CompletedBackup[]> {
  const upTo =
    upToKey === null ? sql`` : sql`and object_key collate "C" <= ${storablePlace(upToKey)}`;
  const { rows } = await sql<{
    backup_id: bigint;
    object_key: string;
    size_bytes: bigint | null;
    status_since: number;
  }>`
    select backup_id, object_key, (report ->> 'sizeBytes')::bigint as size_bytes, status_since
    from backup
    where status = 'completed' and object_key collate "C" > ${storablePlace(afterKey ?? "")} ${upTo}
    order by object_key collate "C"
    limit ${limit}
  `.execute(db);
  return rows.map((row) => ({
    backupId: row.backup_id,
    objectKey: row.object_key,
    sizeBytes: row.size_bytes === null ? null : Number(row.size_bytes),
    completedAtMs: row.status_since,
  }));
}
