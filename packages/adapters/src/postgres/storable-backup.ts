// A backup as the columns of PostgreSQL can hold it.
import type { Backup } from "@manman/core/backup/backup.ts";
import { storableText } from "./storable-text.ts";

/** What the host says may hold what a column cannot. */
export function storableBackup(backup: Backup): Backup {
  return {
    ...backup,
    failure: backup.failure && {
      ...backup.failure,
      message: storableText(backup.failure.message),
    },
  };
}
