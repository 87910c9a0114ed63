// Uploads in the object store that no longer count, until somebody has cleared them away.
import type { BackupRecords, LeftoverRecord } from "@manman/core/ports.ts";
import { sql, type Kysely } from "kysely";
import { withFaults } from "./faults.ts";
import { interval, type Tables } from "./rows.ts";
import { storableText } from "./storable-text.ts";

type LeftoverRow = {
  readonly leftover_id: bigint;
  readonly backup_id: bigint;
  readonly object_key: string;
  readonly upload_id: string | null;
  readonly tries: number;
  readonly age_ms: number;
};

/** The part of BackupRecords that is about leftovers. No rule looks at `due_at` here, so taking one moves it. */
export function leftoverRecords(
  db: Kysely<Tables>,
): Pick<BackupRecords, "takeLeftovers" | "dropLeftover" | "putOffLeftover" | "addLeftover"> {
  return {
    takeLeftovers: async (limit, holdMs) =>
      await withFaults("take leftovers", async () => await takeLeftovers(db, limit, holdMs)),

    dropLeftover: async (leftoverId) => {
      await withFaults(
        `drop leftover ${leftoverId}`,
        async () => await db.deleteFrom("leftover").where("leftover_id", "=", leftoverId).execute(),
      );
    },

    putOffLeftover: async (leftoverId, waitMs, reason) => {
      await withFaults(
        `put off leftover ${leftoverId}`,
        async () =>
          await sql`
            update leftover set
              tries = tries + 1,
              due_at = now() + ${interval(waitMs)},
              last_error = ${storableText(reason)}
            where leftover_id = ${leftoverId}
          `.execute(db),
      );
    },

    addLeftover: async (backupId, { objectKey, uploadId }) => {
      await withFaults(
        `add a leftover of backup ${backupId}`,
        async () =>
          await sql`
            insert into leftover (backup_id, object_key, upload_id)
            values (${backupId}, ${objectKey}, ${uploadId})
          `.execute(db),
      );
    },
  };
}

async function takeLeftovers(
  db: Kysely<Tables>,
  limit: number,
  holdMs: number,
): Promise<readonly LeftoverRecord[]> {
  const { rows } = await sql<LeftoverRow>`
    with due as materialized (
      select leftover_id from leftover
      where due_at <= now()
      order by due_at, leftover_id
      limit ${limit}
      for no key update skip locked
    ),
    taken as (
      update leftover set due_at = now() + ${interval(holdMs)}
      where leftover_id = any(array(select leftover_id from due))
      returning *
    )
    select leftover_id, backup_id, object_key, upload_id, tries,
      (extract(epoch from now() - created_at) * 1000)::double precision as age_ms
    from taken order by leftover_id
  `.execute(db);
  return rows.map((row) => ({
    leftoverId: row.leftover_id,
    backupId: row.backup_id,
    objectKey: row.object_key,
    uploadId: row.upload_id,
    tries: row.tries,
    ageMs: row.age_ms,
  }));
}
