// Puts a backup's next look off after a failure.
import type { Backup } from "@manman/core/backup/backup.ts";
import type { BackupStatus } from "@manman/core/backup/lifecycle.ts";
import { lookLater } from "@manman/core/backup/take-over.ts";
import { keep } from "@manman/core/backup/transition.ts";
import { wordsOf } from "@manman/core/fault.ts";
import type { Records } from "@manman/core/ports.ts";
import { logFailure } from "./log.ts";
import type { RuleSurroundings } from "./rule-surroundings.ts";

/**
 * After a backoff, the reconciler looks at the backup again, unless it has left the state or the attempt. Never throws: while
 * the database is away, the record's present due time brings it back.
 */
export async function lookLaterWhile(
  status: BackupStatus,
  backup: Backup,
  failure: unknown,
  {
    records,
    circumstances,
    log,
  }: RuleSurroundings & { readonly records: Pick<Records, "backups"> },
): Promise<void> {
  try {
    await records.backups.change(backup.backupId, (present, nowMs) =>
      present.status === status && present.attempt === backup.attempt
        ? lookLater(present, circumstances(nowMs), wordsOf(failure))
        : keep(`the backup is ${present.status} in attempt ${present.attempt}`),
    );
  } catch (error) {
    logFailure(log, { backup_id: backup.backupId }, error, "a backup could not be put off");
  }
}
