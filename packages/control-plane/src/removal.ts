// Removes the object and the manifest of a backup that is being deleted, and then makes its record a tombstone. A store that is
// away delays that and never loses it: the record stays `deleting` and comes back to the reconciler.
import type { Backup } from "@manman/core/backup/backup.ts";
import { concludeDeletion } from "@manman/core/backup/delete-backup.ts";
import { manifestKey } from "@manman/core/object-key.ts";
import type { Records, UploadControl } from "@manman/core/ports.ts";
import { lookLaterWhile } from "./look-later.ts";
import { logFailure } from "./log.ts";
import type { RuleSurroundings } from "./rule-surroundings.ts";

export type Removal = {
  /** Tries once; calls for the same backup share one try. Never throws: what could not be done is put off. */
  readonly removeNow: (backup: Backup) => Promise<void>;
  /** Resolves when no try is under way. */
  readonly idle: () => Promise<void>;
};

type Needs = RuleSurroundings & {
  readonly records: Pick<Records, "backups">;
  readonly store: Pick<UploadControl, "removeObject">;
};

export function removal(needs: Needs): Removal {
  const underWay = new Map<bigint, Promise<void>>();
  return {
    removeNow: async (backup) => {
      const mine = underWay.get(backup.backupId) ?? remove(backup, needs);
      underWay.set(backup.backupId, mine);
      try {
        await mine;
      } finally {
        underWay.delete(backup.backupId);
      }
    },
    idle: async () => {
      await Promise.all(underWay.values());
    },
  };
}

async function remove(backup: Backup, needs: Needs): Promise<void> {
  const { records, store, circumstances, log } = needs;
  const fields = { backup_id: backup.backupId, object_key: backup.objectKey };
  try {
    await store.removeObject(backup.objectKey);
    await store.removeObject(manifestKey(backup.objectKey));
    await records.backups.change(backup.backupId, (present, nowMs) =>
      concludeDeletion(present, circumstances(nowMs)),
    );
    log.info(fields, "backup deleted");
  } catch (error) {
    logFailure(log, fields, error, "a backup's object could not be removed now");
    await lookLaterWhile("deleting", backup, error, needs);
  }
}
