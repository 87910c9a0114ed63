// Carries out one attempt at a backup: claims it, has it packed and sent, and writes the report into the journal.
import { gameFolder } from "@manman/core/object-key.ts";
import { errorMessageCharsMax, type BackupReport } from "@manman/contract/bus/reports.ts";
import { Fault } from "@manman/core/fault.ts";
import type { Logger } from "pino";
import { join } from "node:path";
import {
  Disowned,
  type ClaimAnswer,
  type ControlPlaneApi,
  type HostIdentity,
} from "./control-plane-api.ts";
import type { BackupEntry } from "./journal/backup-entry.ts";
import type { BackupJournal } from "./journal/backup-journal.ts";
import type { PackOutcome, PackProgress } from "./packer/pack-messages.ts";
import type { Packer } from "./packer/packer-process.ts";
import { untilNotAway, type Patience } from "./retry.ts";

export type BackupParts = {
  readonly host: HostIdentity;
  readonly environment: string;
  readonly hostDataDir: string;
  readonly api: Pick<ControlPlaneApi, "claim">;
  readonly packer: Packer;
  readonly journal: Pick<BackupJournal, "report" | "close">;
};

export type AttemptFollowing = {
  /** The attempt is ours from now on, and its lease must be renewed. */
  readonly onClaimed: () => void;
  readonly onProgress: (progress: PackProgress) => void;
  readonly log: Logger;
};

/**
 * Resolves with the report, which is in the journal then; or with undefined when nothing is to be reported, because the attempt no longer
 * counts (and its entry is closed). Rejects with the signal's reason when it is called off, leaving the entry as it was. What is
 * away is waited for, for as long as it takes.
 */
export async function runBackup(
  parts: BackupParts,
  { command }: BackupEntry,
  patience: Patience,
  { onClaimed, onProgress, log }: AttemptFollowing,
): Promise<BackupReport | undefined> {
  const { backupId, attempt, sgcId } = command;
  const { host, packer, journal } = parts;
  const claim = await untilNotAway(
    async () => await claimOrStale(parts, { backupId, attempt }),
    patience,
    log,
    "claim put off",
  );
  if (claim.kind === "stale") {
    log.info({ reason: claim.reason }, "attempt dropped");
    await onceOnDisk(
      async () => await journal.close(backupId, attempt, claim.reason),
      patience,
      log,
    );
    return undefined;
  }
  onClaimed();
  log.info("attempt claimed");
  const rootPath = join(parts.hostDataDir, gameFolder(parts.environment, sgcId), "game");
  const { objectKey, uploadId } = claim;
  const outcome = await packer.pack(
    { rootPath, rootName: "game", objectKey, uploadId },
    { signal: patience.signal, onProgress, log },
  );
  const report: BackupReport = {
    kind: "status.backup",
    backupId,
    sgcId,
    serverId: host.serverId,
    attempt,
    ...outcomeFields(outcome),
  };
  const stands = await onceOnDisk(
    async () => await journal.report(backupId, attempt, report),
    patience,
    log,
  );
  if (!stands) return undefined;
  if (outcome.kind === "packed") {
    const { sizeBytes, rawBytes, warningCount, durationMs } = outcome.archive;
    const sizes = {
      size_bytes: sizeBytes,
      raw_bytes: rawBytes,
      parts: outcome.archive.parts.length,
    };
    log.info({ ...sizes, warning_count: warningCount, duration_ms: durationMs }, "archive sent");
  } else {
    log.error({ ...outcome.failure, retryable: outcome.retryable }, "attempt failed");
  }
  return report;
}

/** A control plane that knows nothing of the attempt, or not of this host's part in it, has nothing for us to do. */
async function claimOrStale(
  { api, host }: BackupParts,
  attempt: { backupId: bigint; attempt: number },
): Promise<ClaimAnswer> {
  try {
    return await api.claim(host, attempt);
  } catch (error) {
    if (!(error instanceof Fault) || error.retryable) throw error;
    // The attempt may still count: it waits, and with it its entry, until the heartbeat has ended the host manager.
    if (error instanceof Disowned) throw new Fault("away", "claim", error);
    return { kind: "stale", reason: error.message };
  }
}

function outcomeFields(outcome: PackOutcome) {
  if (outcome.kind === "packed") return { status: "completed" as const, ...outcome.archive };
  const { code, message } = outcome.failure;
  return {
    status: "failed" as const,
    errorCode: code,
    errorMessage: message.slice(0, errorMessageCharsMax),
    retryable: outcome.retryable,
  };
}

/** Work that was done is not thrown away because the disk is full at the moment. */
async function onceOnDisk(
  write: () => Promise<boolean>,
  patience: Patience,
  log: Logger,
): Promise<boolean> {
  return await untilNotAway(write, patience, log, "the journal cannot be written");
}
