// Turns the record of a backup into what callers see of it.
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { BackupSchema } from "@manman/contract/generated/manman/v1/backup_pb.ts";
import type { Backup, BackupProgress } from "@manman/core/backup/backup.ts";
import { publicStatus } from "@manman/core/backup/lifecycle.ts";
import { unixSeconds } from "./unix-seconds.ts";

export type BackupMessage = MessageInitShape<typeof BackupSchema>;

/** What the record alone does not say. */
export type BackupSurroundings = {
  /** The address of an object, `s3://bucket/key`. */
  readonly urlOf: (objectKey: string) => string;
  /** Why a pending backup waits; empty otherwise. */
  readonly waitingReason: string;
};

/** The whole record, for a single backup. */
export function backupMessage(backup: Backup, surroundings: BackupSurroundings): BackupMessage {
  return {
    ...backupListMessage(backup, surroundings),
    warnings: archiveOf(backup)?.warnings.slice() ?? [],
  };
}

/** The record without its warnings' texts, so that a page stays small. */
export function backupListMessage(
  backup: Backup,
  { urlOf, waitingReason }: BackupSurroundings,
): BackupMessage {
  const archive = archiveOf(backup);
  const objectIsThere = archive !== null && backup.status !== "deleted";
  const failure = isOver(backup) ? backup.failure : null;
  return {
    backupId: backup.backupId,
    sessionId: backup.sessionId ?? 0n,
    serverGameConfigId: backup.sgcId,
    s3Url: objectIsThere ? urlOf(backup.objectKey) : "",
    sizeBytes: BigInt(archive?.sizeBytes ?? 0),
    description: backup.description,
    createdAt: unixSeconds(backup.createdAtMs),
    status: publicStatus(backup.status),
    errorMessage: failure?.message ?? "",
    errorCode: failure?.code ?? "",
    attempt: backup.attempt,
    serverId: backup.serverId,
    startedAt: unixSeconds(backup.startedAtMs),
    finishedAt: unixSeconds(backup.finishedAtMs),
    files: BigInt(archive?.files ?? 0),
    rawBytes: BigInt(archive?.rawBytes ?? 0),
    archiveSha256: archive?.archiveSha256 ?? "",
    warningCount: archive?.warningCount ?? 0,
    requestId: backup.requestId ?? "",
    waitingReason,
    ...(backup.progress === null ? {} : { progress: progressMessage(backup.progress) }),
  };
}

/** What is known of an archive that was completed; of a tombstone's too. */
function archiveOf(backup: Backup) {
  return isOver(backup) && backup.failure === null ? backup.report : null;
}

/** A record that has failed, or was completed, keeps saying so while and after it is deleted. */
function isOver({ status }: Backup): boolean {
  return !["pending", "running", "verifying"].includes(status);
}

function progressMessage(progress: BackupProgress): NonNullable<BackupMessage["progress"]> {
  return {
    rawBytesDone: BigInt(progress.rawBytesDone),
    rawBytesTotal: BigInt(progress.rawBytesTotal),
    filesDone: BigInt(progress.filesDone),
    sentBytes: BigInt(progress.sentBytes),
    updatedAt: unixSeconds(progress.updatedAtMs),
  };
}
