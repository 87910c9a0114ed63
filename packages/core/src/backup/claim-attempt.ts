// Whether a host manager may work on an attempt, and what it is given for it.
import { failedPrecondition, refusalSentence, type Refusal } from "../refusal.ts";
import type { Backup, BackupDecision } from "./backup.ts";
import { advance, keep, type Circumstances } from "./transition.ts";

export type Claim = {
  readonly serverId: bigint;
  /** The host manager's journal: the same after its restart, another after the host was rebuilt. */
  readonly instanceId: string;
  readonly attempt: number;
};

export type ClaimVerdict =
  /** The attempt is over or was never; the host drops it. */
  | { readonly kind: "stale"; readonly reason: string }
  /** The host claimed it before, and goes on with the same upload. */
  | { readonly kind: "held"; readonly uploadId: string }
  /** An upload must be opened for it. */
  | { readonly kind: "open" }
  | { readonly kind: "refuse"; readonly refusal: Refusal };

export function judgeClaim(backup: Backup, claim: Claim): ClaimVerdict {
  if (backup.serverId !== claim.serverId) {
    return {
      kind: "refuse",
      refusal: failedPrecondition(
        `backup ${backup.backupId} belongs to server ${backup.serverId}, not to server ${claim.serverId}`,
      ),
    };
  }
  if (backup.attempt !== claim.attempt) {
    return stale(`attempt ${claim.attempt} is over; attempt ${backup.attempt} is the present one`);
  }
  if (backup.status === "pending") return { kind: "open" };
  if (backup.status === "running" && backup.upload !== null) {
    return backup.upload.instanceId === claim.instanceId
      ? { kind: "held", uploadId: backup.upload.uploadId }
      : stale("another host manager holds this attempt");
  }
  return stale(`the backup is ${backup.status}`);
}

/** Why a lease could not be renewed, in words for the host; null where the attempt counts after all: it was claimed while we looked. */
export function reasonOfLoss(
  backupId: bigint,
  backup: Backup | undefined,
  claim: Claim,
): string | null {
  if (backup === undefined) return `there is no backup ${backupId}`;
  const verdict = judgeClaim(backup, claim);
  switch (verdict.kind) {
    case "held":
      return null;
    case "open":
      return "the attempt was not claimed";
    case "stale":
      return verdict.reason;
    case "refuse":
      return refusalSentence(verdict.refusal);
  }
}

/** Hands the attempt to the claimer with the upload that was opened for it. Keeps the record when somebody was quicker. */
export function grantClaim(
  backup: Backup,
  claim: Claim,
  uploadId: string,
  { nowMs, limits }: Circumstances,
): BackupDecision {
  const verdict = judgeClaim(backup, claim);
  if (verdict.kind !== "open") return keep("claimed meanwhile");
  return {
    kind: "change",
    backup: advance(backup, "running", nowMs, {
      upload: { uploadId, instanceId: claim.instanceId },
      startedAtMs: nowMs,
      dueAtMs: nowMs + limits.leaseMs,
    }),
    who: "host",
    why: `attempt ${backup.attempt} claimed by server ${claim.serverId}`,
  };
}

function stale(reason: string): ClaimVerdict {
  return { kind: "stale", reason };
}
