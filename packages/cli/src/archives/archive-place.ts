// Says where an archive lies, and where what belongs to it lies: its manifest beside it, and its base.
import { CommandFailure } from "../failure.ts";

export type ArchivePlace =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "object"; readonly bucket: string; readonly key: string };

const archiveEnding = /\.(?:tar\.gz|tgz|tar\.zst|tzst|tar)$/i;
const manifestEnding = /\.manifest\.gz$/;
const backupKey = /(?:^|\/)backups\/([1-9]\d{0,15})\/([1-9]\d{0,15})\.tar(?:\.gz|\.zst)?$/;

/** A file, or an object by `s3://bucket/key`. Fails as wrong usage where it is neither. */
export function placeOf(text: string): ArchivePlace {
  if (text === "") throw new CommandFailure("usage", "the name of an archive is empty");
  if (!text.startsWith("s3:")) return { kind: "file", path: text };
  const match = /^s3:\/\/([A-Za-z0-9][A-Za-z0-9._-]{1,254})\/(.+)$/.exec(text);
  const [, bucket, key] = match ?? [];
  if (bucket === undefined || key === undefined || key.endsWith("/")) {
    throw new CommandFailure("usage", `${text} is not of the form s3://bucket/key`);
  }
  return { kind: "object", bucket, key };
}

/** The place as it was given. */
export function placeText(place: ArchivePlace): string {
  return place.kind === "file" ? place.path : `s3://${place.bucket}/${place.key}`;
}

export function isManifestPlace(place: ArchivePlace): boolean {
  return manifestEnding.test(nameOf(place));
}

/** `5.manifest.gz` for `5.tar.gz`, in the same folder. */
export function manifestBeside(place: ArchivePlace): ArchivePlace {
  return beside(place, `${nameOf(place).replace(archiveEnding, "")}.manifest.gz`);
}

/** Where the object of this key lies when the archives of a server game config were kept together. */
export function baseBeside(place: ArchivePlace, baseKey: string): ArchivePlace {
  return beside(place, baseKey.slice(baseKey.lastIndexOf("/") + 1));
}

/** What the place of an archive in a bucket, or in a copy of one, says of it. */
export function idsOf(place: ArchivePlace): { sgcId: bigint; backupId: bigint } | undefined {
  const [, sgcId, backupId] = backupKey.exec(place.kind === "file" ? place.path : place.key) ?? [];
  if (sgcId === undefined || backupId === undefined) return undefined;
  return { sgcId: BigInt(sgcId), backupId: BigInt(backupId) };
}

function nameOf(place: ArchivePlace): string {
  const path = place.kind === "file" ? place.path : place.key;
  return path.slice(path.lastIndexOf("/") + 1);
}

function beside(place: ArchivePlace, name: string): ArchivePlace {
  const path = place.kind === "file" ? place.path : place.key;
  const sibling = `${path.slice(0, path.lastIndexOf("/") + 1)}${name}`;
  return place.kind === "file" ? { kind: "file", path: sibling } : { ...place, key: sibling };
}
