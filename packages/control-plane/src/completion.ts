// Ends `verifying`: completes the upload and looks at the object. Only what the store then shows makes a backup completed. Two that do so at
// once, because the first stood still, do no harm: an upload is there until its object is, and the record goes by its attempt.
import type { Backup } from "@manman/core/backup/backup.ts";
import { concludeBackup, type StoreFinding } from "@manman/core/backup/complete-backup.ts";
import { Fault, wordsOf } from "@manman/core/fault.ts";
import type { Clock, Records, UploadControl } from "@manman/core/ports.ts";
import { extendHold, takeHold, type Hold } from "./completion-hold.ts";
import { logFailure } from "./log.ts";
import { lookLaterWhile } from "./look-later.ts";
import type { RuleSurroundings } from "./rule-surroundings.ts";

/**
 * For the removal of a wrong object: longer than a store may take for it. An object that is removed after another attempt has
 * replaced it would be a backup lost.
 */
const removalHoldMs = 600_000;

export type CompletionNeeds = RuleSurroundings & {
  readonly records: Pick<Records, "backups">;
  readonly clock: Pick<Clock, "sleep">;
  readonly store: Pick<
    UploadControl,
    "completeUpload" | "inspectObject" | "removeObject" | "check"
  >;
};

/** Works on one backup, unless it has left the state or somebody else is at it. Store failures are put off, for ever if need be. */
export async function completeBackup(backupId: bigint, needs: CompletionNeeds): Promise<void> {
  const { records, circumstances, log } = needs;
  const hold = await takeHold(backupId, needs);
  if (hold === null) return;
  const { backup } = hold;
  const fields = { backup_id: backupId, attempt: backup.attempt, server_id: backup.serverId };
  try {
    const { finding, held } = await findWhileHeld(hold, needs);
    const isWrong = finding.kind === "object" && finding.sizeBytes !== backup.report?.sizeBytes;
    if (isWrong && !(await removeWrongObject(held, needs))) return;
    const outcome = await records.backups.change(backupId, (present, nowMs) =>
      concludeBackup(present, backup.attempt, finding, circumstances(nowMs)),
    );
    if (outcome?.decision.kind !== "change") return;
    const { record, decision } = outcome;
    log.info({ ...fields, status: record.status, why: decision.why }, "attempt checked");
  } catch (error) {
    logFailure(log, fields, error, "an archive could not be checked now");
    await lookLaterWhile("verifying", backup, error, needs);
  }
}

/** Removes the object while nobody else can be at the record; false, and nothing is removed, where the hold was lost meanwhile. */
async function removeWrongObject(held: Backup, needs: CompletionNeeds): Promise<boolean> {
  if ((await extendHold(held, removalHoldMs, needs)) === null) return false;
  await needs.store.removeObject(held.objectKey);
  return true;
}

/** With the record as it is held then; the renewals are over, since what follows may hold it for longer than they do. */
async function findWhileHeld(
  hold: Hold,
  needs: CompletionNeeds,
): Promise<{ readonly finding: StoreFinding; readonly held: Backup }> {
  try {
    return { finding: await findInStore(hold.backup, needs), held: await hold.end() };
  } finally {
    await hold.end();
  }
}

async function findInStore(
  backup: Backup,
  { store }: Pick<CompletionNeeds, "store">,
): Promise<StoreFinding> {
  const refusal = await complete(backup, store);
  const object = await store.inspectObject(backup.objectKey);
  if (object !== null) return { kind: "object", sizeBytes: object.sizeBytes };
  return refusal ?? { kind: "nothing" };
}

/** Why the store would not make the object; null where it did, or where there is no upload left to make it from. */
async function complete(
  { objectKey, upload, report }: Backup,
  store: CompletionNeeds["store"],
): Promise<StoreFinding | null> {
  if (upload === null || report === null) return null;
  try {
    await store.completeUpload(objectKey, upload.uploadId, report.parts);
    return null;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    if (error.kind === "missing") return null;
    if (error.kind !== "rejected") throw error;
    // A store that refuses everything, for a wrong key say, says nothing of this upload.
    await store.check();
    return { kind: "refused", reason: wordsOf(error) };
  }
}
