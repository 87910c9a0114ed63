// Keeps a record to whoever completes its archive: for as long as that takes, and hardly longer where the process dies meanwhile.
import type { Backup, BackupDecision } from "@manman/core/backup/backup.ts";
import { keep } from "@manman/core/backup/transition.ts";
import type { Clock, Records } from "@manman/core/ports.ts";
import { logFailure, type Log } from "./log.ts";

/** Nobody else works on the record for so long after the last renewal; a control plane that dies delays it by no more. */
const holdMs = 15_000;
/** Two renewals may fail before the hold is lost. */
const renewEveryMs = 5_000;

export type Hold = {
  /** The record as it was taken. */
  readonly backup: Backup;
  /** Renews it no more; answers the record as it was renewed last. */
  readonly end: () => Promise<Backup>;
};

type Needs = {
  readonly records: Pick<Records, "backups">;
  readonly clock: Pick<Clock, "sleep">;
  readonly log: Log;
};

/** Null where the backup has left the state, or somebody else is at it. */
export async function takeHold(backupId: bigint, needs: Needs): Promise<Hold | null> {
  const { records, clock, log } = needs;
  const taken = await records.backups.change(backupId, take);
  if (taken?.decision.kind !== "change") return null;
  const over = new AbortController();
  let held = taken.record;
  const renewing = (async () => {
    for (;;) {
      await clock.sleep(renewEveryMs, over.signal);
      if (over.signal.aborted) return;
      try {
        const renewed = await extendHold(held, holdMs, needs);
        if (renewed === null) return;
        held = renewed;
      } catch (error) {
        logFailure(log, { backup_id: backupId }, error, "a hold could not be renewed");
      }
    }
  })();
  const end = async (): Promise<Backup> => {
    over.abort();
    await renewing;
    return held;
  };
  return { backup: taken.record, end };
}

/** The record, held for so long from now on; null where the hold was lost. */
export async function extendHold(
  held: Backup,
  forMs: number,
  { records }: Pick<Needs, "records">,
): Promise<Backup | null> {
  const extended = await records.backups.change(held.backupId, (present, nowMs) =>
    present.status === "verifying" && present.dueAtMs === held.dueAtMs
      ? heldFor(forMs, present, nowMs)
      : keep("somebody else is at it"),
  );
  return extended?.decision.kind === "change" ? extended.record : null;
}

function take(backup: Backup, nowMs: number): BackupDecision {
  if (backup.status !== "verifying") return keep(`the backup is ${backup.status}`);
  if (backup.dueAtMs === null || backup.dueAtMs > nowMs) return keep("somebody else is at it");
  return heldFor(holdMs, backup, nowMs);
}

function heldFor(ms: number, backup: Backup, nowMs: number): BackupDecision {
  const held = { ...backup, dueAtMs: nowMs + ms };
  return { kind: "change", backup: held, who: "reconciler", why: "its archive is being checked" };
}
