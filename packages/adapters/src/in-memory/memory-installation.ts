// Which installation the records in memory are of.
import type { InstallationRecords } from "@manman/core/ports.ts";
import type { Surroundings } from "./memory-outbox.ts";

export function memoryInstallation({ tables, nowMs, newId }: Surroundings): InstallationRecords {
  return {
    get: async () => {
      tables.installation ??= { installationId: newId(), createdAtMs: nowMs() };
      const ids = [...tables.backups.keys()];
      return {
        ...tables.installation,
        highestBackupId: tables.lastBackupId,
        highestRecordedBackupId: ids.reduce((high, id) => (id > high ? id : high), 0n),
      };
    },
    raiseBackupIds: async (backupId) => {
      if (backupId > tables.lastBackupId) tables.lastBackupId = backupId;
    },
  };
}
