// Aborts the uploads that no longer count, so that their parts take up no space and nothing can be sent to them any more. What is open
// under the key of a backup that has ended is looked for twice: an upload whose opening nobody got an answer to may come up late.
import type { BackupLimits } from "@manman/core/backup/limits.ts";
import { backoffMs } from "@manman/core/backoff.ts";
import { wordsOf } from "@manman/core/fault.ts";
import type { LeftoverRecord, Records, UploadControl } from "@manman/core/ports.ts";
import { logFailure, type Log } from "./log.ts";

/** `listUploads` answers at most so many. */
const listedMax = 1_000;

const retryBackoff = { firstMs: 2_000, mostMs: 600_000 };

export async function clearLeftover(
  leftover: LeftoverRecord,
  needs: {
    readonly records: Pick<Records, "backups">;
    readonly store: Pick<UploadControl, "abortUpload" | "listUploads">;
    readonly limits: Pick<BackupLimits, "lateUploadMs">;
    readonly random: () => number;
    readonly log: Log;
  },
): Promise<void> {
  const { records, store, limits, random, log } = needs;
  const { leftoverId, objectKey, uploadId, backupId, ageMs } = leftover;
  try {
    if (uploadId === null) await abortAll(objectKey, store);
    else await store.abortUpload(objectKey, uploadId);
    if (uploadId === null && ageMs < limits.lateUploadMs) {
      const waitMs = limits.lateUploadMs - ageMs;
      await records.backups.putOffLeftover(leftoverId, waitMs, "an upload may still come up");
    } else {
      await records.backups.dropLeftover(leftoverId);
    }
  } catch (error) {
    logFailure(log, { backup_id: backupId }, error, "an upload could not be aborted now");
    const waitMs = backoffMs(leftover.tries + 1, retryBackoff, random());
    await records.backups.putOffLeftover(leftoverId, waitMs, wordsOf(error));
  }
}

async function abortAll(
  objectKey: string,
  store: Pick<UploadControl, "abortUpload" | "listUploads">,
): Promise<void> {
  const open = await store.listUploads(objectKey);
  for (const { uploadId } of open) await store.abortUpload(objectKey, uploadId);
  // A store may list an aborted upload for a moment longer, so a full list is followed up later rather than at once.
  if (open.length >= listedMax) throw new Error(`${objectKey} has more than ${listedMax} uploads`);
}
