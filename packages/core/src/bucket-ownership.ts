// Whose bucket it is. It guards against two installations that write over each other's archives, and against a database that was restored
// from an older state: it would hand out ids again whose archives lie in the bucket.

/** Holds who has the bucket. Written once, and by an adoption. */
export const markerKey = "manman/installation.json";
/** Holds the highest backup id that was handed out. Written now and then. */
export const highWaterKey = "manman/high-water.json";

export type BucketFacts = {
  /** Of the database. */
  readonly installationId: string;
  /** The highest backup id that the database has ever handed out; 0 if none. */
  readonly highestBackupId: bigint;
  /** The installation that the bucket's marker names; null where there is no marker. */
  readonly markedBy: string | null;
  /** The highest backup id that the bucket may hold, as was noted in it; null where nothing is said. */
  readonly bucketHighestBackupId: bigint | null;
  /** The installation whose bucket the operator has told us to adopt; null for none. */
  readonly adopt: string | null;
};

export type BucketVerdict =
  | { readonly kind: "ours" }
  /** Nobody has it as yet. */
  | { readonly kind: "mark" }
  /** It is to become ours: ids go on after the bucket's highest, then the marker is written over. */
  | { readonly kind: "adopt" }
  /** Nothing may be written to it; `why` names the way out. */
  | { readonly kind: "refuse"; readonly why: string };

export function judgeBucket(facts: BucketFacts): BucketVerdict {
  const { installationId, highestBackupId, markedBy, bucketHighestBackupId, adopt } = facts;
  const isForeign = markedBy !== null && markedBy !== installationId;
  const isAhead = bucketHighestBackupId !== null && bucketHighestBackupId > highestBackupId;
  if (!isForeign && !isAhead) return { kind: markedBy === null ? "mark" : "ours" };
  const owner = markedBy ?? installationId;
  if (adopt === owner) return { kind: "adopt" };
  if (isForeign) {
    return {
      kind: "refuse",
      why:
        `the bucket belongs to installation ${markedBy}, and this database is of installation ${installationId}; ` +
        `give this control plane a bucket of its own, or, when the other installation is gone for good, start it with ADOPT_BUCKET=${owner}`,
    };
  }
  return {
    kind: "refuse",
    why:
      `the bucket is ahead of this database: backups up to ${bucketHighestBackupId} were begun in it, and the database, which ` +
      `was probably restored from an older state, has handed out none after ${highestBackupId}; restore a newer state, or start the ` +
      `control plane with ADOPT_BUCKET=${owner}: new backups then begin after ${bucketHighestBackupId}, and objects that the database does not know stay as they are`,
  };
}

/** The marker's text; its time is in unix seconds. */
export function markerText(installationId: string, createdAtMs: number): string {
  const created_at = Math.floor(createdAtMs / 1_000);
  return `${JSON.stringify({ installation_id: installationId, created_at })}\n`;
}

/** The installation that a marker names, or null where it is none of ours. */
export function installationIn(text: string): string | null {
  const id = fieldOf(text, "installation_id");
  return typeof id === "string" && id !== "" ? id : null;
}

export function highWaterText(highestBackupId: bigint): string {
  return `${JSON.stringify({ highest_backup_id: Number(highestBackupId) })}\n`;
}

/** The backup id in a high-water object, or null where it is none of ours. */
export function highestBackupIn(text: string): bigint | null {
  const id = fieldOf(text, "highest_backup_id");
  return typeof id === "number" && Number.isSafeInteger(id) && id >= 0 ? BigInt(id) : null;
}

function fieldOf(text: string, field: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null
      ? (value as Record<string, unknown>)[field]
      : undefined;
  } catch {
    return undefined;
  }
}
