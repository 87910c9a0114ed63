// Where a backup's archive lies in the bucket, and where a game's data lies on its host.

/** `backups/{sgc_id}/{backup_id}.tar.gz`: the same for every attempt, since only the control plane completes an upload. */
export function archiveKey(sgcId: bigint, backupId: bigint): string {
  return `backups/${sgcId}/${backupId}.tar.gz`;
}

/** The manifest stands beside its archive. */
export function manifestKey(objectKey: string): string {
  return objectKey.replace(/\.tar\.(gz|zst)$/, ".manifest.gz");
}

/** The folder of one server game config below the host's data directory; its `game/` is what is backed up. */
export function gameFolder(environment: string, sgcId: bigint): string {
  return `gsc-${environment}-${sgcId}`;
}
