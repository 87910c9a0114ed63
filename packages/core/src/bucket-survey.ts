// What one page of the bucket tells against the records: which objects and uploads nobody knows, and which archives are not there. It guards
// against reporting what is merely under way: a thing counts only once it, and what its record says of it, is older than a grace.
import type { BackupStatus } from "./backup/lifecycle.ts";
import { holdsOperation } from "./backup/lifecycle.ts";
import { idsInKey, manifestKey } from "./object-key.ts";

/** The part of the bucket that is surveyed. */
export const surveyedPrefix = "backups/";
/** What one page may hold of objects, of uploads, or of archives that ought to be there. */
export const surveyPageMax = 1_000;
/** Findings of one survey that are kept; all are counted. */
export const findingsKeptMax = 10_000;

export type SurveyLimits = {
  /** From the beginning of one survey to that of the next; null: only when asked for. */
  readonly everyMs: number | null;
  /** How long after its own start a control plane begins none by itself. */
  readonly startDelayMs: number;
  /** What is younger is not reported. Longer than an upload may come up late, and than clocks differ. */
  readonly graceMs: number;
  /** Between two pages. */
  readonly pageEveryMs: number;
  /** Nobody else takes a page for so long: a control plane that dies delays the survey by no more. Longer than a page takes in a slow store. */
  readonly turnHoldMs: number;
};

export const defaultSurveyLimits: SurveyLimits = {
  everyMs: 24 * 3_600_000,
  startDelayMs: 300_000,
  graceMs: 3_600_000,
  pageEveryMs: 250,
  turnHoldMs: 120_000,
};

export type ListedObject = {
  readonly objectKey: string;
  readonly sizeBytes: number;
  /** By the store's clock. */
  readonly modifiedAtMs: number;
};

/** Where an upload stands in the list of them. */
export type UploadPlace = { readonly objectKey: string; readonly uploadId: string };

/** `initiatedAtMs` by the store's clock. */
export type ListedUpload = UploadPlace & { readonly initiatedAtMs: number };

export const findingKinds = ["unknown_object", "unknown_upload", "missing_object"] as const;

export type BucketFinding = {
  readonly kind: (typeof findingKinds)[number];
  readonly objectKey: string;
  /** Of an unknown upload. */
  readonly uploadId: string | null;
  /** Null for an upload, and where the record does not say. */
  readonly sizeBytes: number | null;
  /** When the object was last modified, the upload opened, or the backup completed. */
  readonly atMs: number;
  /** The backup whose record bears the key; null where none does. */
  readonly backupId: bigint | null;
};

/** What the records say of a backup whose id a key names. */
export type KnownBackup = {
  readonly backupId: bigint;
  readonly objectKey: string;
  readonly status: BackupStatus;
  readonly statusSinceMs: number;
  /** Uploads that still wait to be cleared away; null stands for all that are open under the key. */
  readonly leftoverUploads: readonly (string | null)[];
};

/** A backup whose archive must be there. */
export type CompletedBackup = {
  readonly backupId: bigint;
  readonly objectKey: string;
  readonly sizeBytes: number | null;
  readonly completedAtMs: number;
};

/** The records as they were asked after the page was listed. */
export type SurveyedRecords = {
  /** The database's time. */
  readonly nowMs: number;
  readonly known: readonly KnownBackup[];
};

/** The ids of the backups that these keys name, each once. */
export function backupIdsIn(things: readonly { readonly objectKey: string }[]): bigint[] {
  const ids = things.map(({ objectKey }) => idsInKey(objectKey)?.backupId);
  return [...new Set(ids.filter((id) => id !== undefined))];
}

/**
 * How far objects and completed backups can be compared: to the last listed key, or, where there are more completed backups up to there than
 * were read (`completedLimit`), to the last of those. Null: to the end.
 */
export function comparedUpTo(
  lastListedKey: string | null,
  completed: readonly CompletedBackup[],
  completedLimit: number,
): string | null {
  return completed.length < completedLimit
    ? lastListedKey
    : (completed.at(-1)?.objectKey ?? lastListedKey);
}

/** What is wrong between a page's objects and the completed backups of the same range of keys. */
export function judgeObjects(
  objects: readonly ListedObject[],
  completed: readonly CompletedBackup[],
  { nowMs, known }: SurveyedRecords,
  graceMs: number,
): readonly BucketFinding[] {
  const youngMs = nowMs - graceMs;
  const records = byId(known);
  const unknown = objects
    .filter(({ modifiedAtMs }) => modifiedAtMs <= youngMs)
    .flatMap((object): readonly BucketFinding[] => {
      const { objectKey, sizeBytes, modifiedAtMs } = object;
      const record = ownerOf(objectKey, records);
      if (record !== null && ownsObject(record, youngMs)) return [];
      const backupId = record?.backupId ?? null;
      const what = { objectKey, uploadId: null, sizeBytes, atMs: modifiedAtMs, backupId };
      return [{ kind: "unknown_object", ...what }];
    });
  const listed = new Set(objects.map(({ objectKey }) => objectKey));
  const missing = completed
    .filter(({ objectKey, completedAtMs }) => completedAtMs <= youngMs && !listed.has(objectKey))
    .map(({ completedAtMs, ...backup }): BucketFinding => {
      return { kind: "missing_object", ...backup, uploadId: null, atMs: completedAtMs };
    });
  return [...unknown, ...missing];
}

/** The uploads of a page that no record answers for. */
export function judgeUploads(
  uploads: readonly ListedUpload[],
  { nowMs, known }: SurveyedRecords,
  graceMs: number,
): readonly BucketFinding[] {
  const youngMs = nowMs - graceMs;
  const records = byId(known);
  return uploads
    .filter(({ initiatedAtMs }) => initiatedAtMs <= youngMs)
    .flatMap((upload): readonly BucketFinding[] => {
      const { objectKey, uploadId, initiatedAtMs } = upload;
      const record = ownerOf(objectKey, records);
      if (record !== null && ownsUpload(record, uploadId, youngMs)) return [];
      const backupId = record?.backupId ?? null;
      const what = { objectKey, uploadId, sizeBytes: null, atMs: initiatedAtMs, backupId };
      return [{ kind: "unknown_upload", ...what }];
    });
}

/** The upload may have been cleared away, and its leftover with it, between the listing and the question: what a second listing lacks is gone. */
export function stillListed(
  findings: readonly BucketFinding[],
  again: readonly ListedUpload[],
): readonly BucketFinding[] {
  const there = new Set(again.map(({ objectKey, uploadId }) => `${uploadId} ${objectKey}`));
  return findings.filter(({ objectKey, uploadId }) => there.has(`${uploadId} ${objectKey}`));
}

/** Whatever the state, the backup's own deletion removes it; a tombstone's object is nobody's. */
function ownsObject({ status, statusSinceMs }: KnownBackup, youngMs: number): boolean {
  return status !== "deleted" || statusSinceMs > youngMs;
}

/** While a backup is under way, all that is open under its key is swept at its end at the latest. */
function ownsUpload(record: KnownBackup, uploadId: string, youngMs: number): boolean {
  if (holdsOperation(record.status) || record.statusSinceMs > youngMs) return true;
  return record.leftoverUploads.some((left) => left === null || left === uploadId);
}

/** The record whose archive or manifest the key is; null for any other key. */
function ownerOf(objectKey: string, records: ReadonlyMap<bigint, KnownBackup>): KnownBackup | null {
  const ids = idsInKey(objectKey);
  const record = ids === null ? undefined : records.get(ids.backupId);
  if (record === undefined) return null;
  const isItsOwn = [record.objectKey, manifestKey(record.objectKey)].includes(objectKey);
  return isItsOwn ? record : null;
}

function byId(known: readonly KnownBackup[]): ReadonlyMap<bigint, KnownBackup> {
  return new Map(known.map((record) => [record.backupId, record]));
}
