// Where a backup's archive lies in the bucket, and where a game's data lies on its host.

/** `backups/{sgc_id}/{backup_id}.tar.gz`: the same for every attempt, since only the control plane completes an upload. */
export function archiveKey(sgcId: bigint, backupId: bigint): string {
  return `backups/${sgcId}/${backupId}.tar.gz`;
}

/** The manifest stands beside its archive. */
export function manifestKey(objectKey: string): string {
  return objectKey.replace(/\.tar\.(gz|zst)$/, ".manifest.gz");
}

/** The ids in the key of an archive or a manifest; null for a key that is neither. */
export function idsInKey(objectKey: string): { sgcId: bigint; backupId: bigint } | null {
  const [, sgcText, backupText] = archiveOrManifest.exec(objectKey) ?? [];
  if (sgcText === undefined || backupText === undefined) return null;
  const [sgcId, backupId] = [BigInt(sgcText), BigInt(backupText)];
  return sgcId <= idMax && backupId <= idMax ? { sgcId, backupId } : null;
}

const archiveOrManifest =
  /^backups\/([1-9]\d{0,18})\/([1-9]\d{0,18})\.(?:tar\.gz|tar\.zst|manifest\.gz)$/;
/** The highest id that a database hands out. */
const idMax = 9_223_372_036_854_775_807n;

/** The folder of one server game config below the host's data directory; its `game/` is what is backed up. */
export function gameFolder(environment: string, sgcId: bigint): string {
  return `gsc-${environment}-${sgcId}`;
}
