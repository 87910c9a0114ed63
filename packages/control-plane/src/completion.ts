// Ends `verifying`: completes the upload and looks at the object. Only what the store then shows makes a backup completed.
import type { Backup, BackupDecision } from "@manman/core/backup/backup.ts";
import { concludeBackup, type StoreFinding } from "@manman/core/backup/complete-backup.ts";
import { keep } from "@manman/core/backup/transition.ts";
import { Fault, wordsOf } from "@manman/core/fault.ts";
import type { Records, UploadControl } from "@manman/core/ports.ts";
import { logFailure } from "./log.ts";
import { lookLaterWhile } from "./look-later.ts";
import type { RuleSurroundings } from "./rule-surroundings.ts";

/** Nobody else works on the record for so long; a control plane that dies delays it by no more. */
const holdMs = 60_000;
/**
 * For the removal of a wrong object: longer than a store may take for it. An object that is removed after another attempt has
 * replaced it would be a backup lost.
 */
const removalHoldMs = 600_000;

export type CompletionNeeds = RuleSurroundings & {
  readonly records: Pick<Records, "backups">;
  readonly store: Pick<
    UploadControl,
    "completeUpload" | "inspectObject" | "removeObject" | "check"
  >;
};

/** Works on one backup, unless it has left the state or somebody else is at it. Store failures are put off, for ever if need be. */
export async function completeBackup(backupId: bigint, needs: CompletionNeeds): Promise<void> {
  const { records, circumstances, log } = needs;
  const held = await records.backups.change(backupId, hold);
  if (held?.decision.kind !== "change") return;
  const backup = held.record;
  const fields = { backup_id: backupId, attempt: backup.attempt, server_id: backup.serverId };
  try {
    const finding = await findInStore(backup, needs);
    const isWrong = finding.kind === "object" && finding.sizeBytes !== backup.report?.sizeBytes;
    if (isWrong && !(await removeWrongObject(backup, needs))) return;
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

function hold(backup: Backup, nowMs: number): BackupDecision {
  if (backup.status !== "verifying") return keep(`the backup is ${backup.status}`);
  if (backup.dueAtMs === null || backup.dueAtMs > nowMs) return keep("somebody else is at it");
  return heldFor(holdMs, backup, nowMs);
}

function heldFor(ms: number, backup: Backup, nowMs: number): BackupDecision {
  const held = { ...backup, dueAtMs: nowMs + ms };
  return { kind: "change", backup: held, who: "reconciler", why: "its archive is being checked" };
}

/** Removes the object while nobody else can be at the record; false, and nothing is removed, where the hold was lost meanwhile. */
async function removeWrongObject(
  backup: Backup,
  { records, store }: CompletionNeeds,
): Promise<boolean> {
  const held = await records.backups.change(backup.backupId, (present, nowMs) =>
    present.status === "verifying" && present.dueAtMs === backup.dueAtMs
      ? heldFor(removalHoldMs, present, nowMs)
      : keep("somebody else is at it"),
  );
  if (held?.decision.kind !== "change") return false;
  await store.removeObject(backup.objectKey);
  return true;
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
