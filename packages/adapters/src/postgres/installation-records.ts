// Which installation the database is of, and how far it has counted its backups.
import type { Installation, InstallationRecords } from "@manman/core/ports.ts";
import { sql, type Kysely } from "kysely";
import { withFaults } from "./faults.ts";
import type { Tables } from "./rows.ts";

type InstallationRow = {
  readonly installation_id: string;
  readonly created_at: number;
  readonly highest_backup_id: bigint;
  readonly highest_recorded_backup_id: bigint;
};

export function installationRecords(db: Kysely<Tables>): InstallationRecords {
  return {
    get: async () =>
      await withFaults("get the installation", async () => await getInstallation(db)),
    raiseBackupIds: async (backupId) => {
      await withFaults(
        `begin new backups after ${backupId}`,
        async () =>
          await sql`
            select setval('backup_id_sequence', ${backupId}) from backup_id_sequence
            where last_value < ${backupId} or (last_value = ${backupId} and not is_called)
          `.execute(db),
      );
    },
  };
}

async function getInstallation(db: Kysely<Tables>): Promise<Installation> {
  const { rows } = await sql<InstallationRow>`
    select installation_id::text, created_at,
      (select case when is_called then last_value else 0 end from backup_id_sequence)
        as highest_backup_id,
      coalesce((select max(backup_id) from backup), 0) as highest_recorded_backup_id
    from installation
  `.execute(db);
  const [row] = rows;
  if (row === undefined) throw new Error("the database has lost its installation");
  return {
    installationId: row.installation_id,
    createdAtMs: row.created_at,
    highestBackupId: row.highest_backup_id,
    highestRecordedBackupId: row.highest_recorded_backup_id,
  };
}
