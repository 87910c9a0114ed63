// Writes entries as columns, so that like stands beside like and compresses, and reads them back, refusing whatever no packer writes.
import { pathFlaw } from "../archive-path.ts";
import { printablePath } from "../printable-path.ts";
import { decodeExtents, encodeExtents } from "./extent-columns.ts";
import { extentsFlaw } from "./extent-rules.ts";
import { linkTargetBytesMax } from "./manifest-bounds.ts";
import {
  arrayField,
  base64Of,
  digestColumn,
  field,
  isWhole,
  objectOf,
  requireCount,
  textField,
  wholeColumn,
  type JsonObject,
} from "./json-fields.ts";
import type { PlanNumbers } from "../plan/plan-numbers.ts";
import type { FileContent, ManifestEntry } from "./manifest-records.ts";
import { encodeId, idColumn, nanosecondsOf, secondsOf, timeColumn } from "./numeric-columns.ts";
import { decodeRawText, encodeRawText } from "./raw-text.ts";
import { decodeSqlite, encodeSqlite } from "./sqlite-column.ts";

const kindLetters = { file: "f", directory: "d", symlink: "l", hardlink: "h" } as const;
const id32Max = 2 ** 32 - 1;

type FileEntry = ManifestEntry & { kind: "file" };

export function encodeEntries(entries: readonly ManifestEntry[]): JsonObject {
  const files = entries.filter((entry): entry is FileEntry => entry.kind === "file");
  return {
    path: entries.map(({ path }) => encodeRawText(path)),
    type: entries.map(({ kind }) => kindLetters[kind]).join(""),
    header: entries.map(({ headerSegment }) => headerSegment),
    mode: entries.map(({ mode }) => mode),
    uid: entries.map(({ uid }) => uid),
    gid: entries.map(({ gid }) => gid),
    mtime: entries.map(({ mtimeNs }) => secondsOf(mtimeNs)),
    mtimeNs: entries.map(({ mtimeNs }) => nanosecondsOf(mtimeNs)),
    ctime: entries.map(({ ctimeNs }) => secondsOf(ctimeNs)),
    ctimeNs: entries.map(({ ctimeNs }) => nanosecondsOf(ctimeNs)),
    dev: entries.map(({ dev }) => encodeId(dev)),
    ino: entries.map(({ ino }) => encodeId(ino)),
    target: entries.flatMap((entry) => ("target" in entry ? [encodeRawText(entry.target)] : [])),
    size: files.map(({ sizeBytes }) => sizeBytes),
    sha256: base64Of(Buffer.concat(files.map(({ sha256 }) => sha256))),
    extents: encodeExtents(files.map(({ extents }) => extents)),
    racy: placesOf(files, ({ racy }) => racy),
    warned: placesOf(files, ({ warned }) => warned),
    sqlite: encodeSqlite(files),
  };
}

/** The entries of one block. Fails with an Error that names the column, and the path where one entry is to blame. */
export function decodeEntries(
  value: unknown,
  count: number,
  numbers: PlanNumbers,
): ManifestEntry[] {
  const columns = objectOf(value, "entries");
  const letters = textField(columns, "type", count);
  requireCount("type", letters.length, count);
  const paths = arrayField(columns, "path");
  requireCount("path", paths.length, count);
  const headers = arrayField(columns, "header");
  requireCount("header", headers.length, count);
  const modes = wholeColumn(columns, "mode", count, 0o7777);
  const uids = wholeColumn(columns, "uid", count, id32Max);
  const gids = wholeColumn(columns, "gid", count, id32Max);
  const mtimes = timeColumn(columns, "mtime", count);
  const ctimes = timeColumn(columns, "ctime", count);
  const devs = idColumn(columns, "dev", count);
  const inos = idColumn(columns, "ino", count);
  const files = takerOf(decodeFiles(columns, countOf(letters, "f"), numbers));
  const targets = takerOf(decodeTargets(columns, countOf(letters, "l") + countOf(letters, "h")));
  return paths.map((raw, at): ManifestEntry => {
    const path = decodeRawText(raw, "path");
    const letter = letters[at];
    requirePath(path, letter === "d");
    const base = {
      path,
      headerSegment: segmentOrNull(headers[at]),
      mode: modes[at] as number,
      uid: uids[at] as number,
      gid: gids[at] as number,
      mtimeNs: mtimes[at] as bigint,
      ctimeNs: ctimes[at] as bigint,
      dev: devs[at] as bigint,
      ino: inos[at] as bigint,
    };
    if (letter === "d") return { ...base, kind: "directory" };
    if (letter === "f") return { ...base, kind: "file", ...files(path) };
    const target = targets(path);
    if (letter === "l") return { ...base, kind: "symlink", target };
    requirePath(target, false);
    return { ...base, kind: "hardlink", target };
  });
}

type Named<T> = { value: T; flaw: string | undefined };

/** Hands out what a column holds one after another; what is wrong with one is said once its path is known. */
function takerOf<T>(column: readonly Named<T>[]): (path: Buffer) => T {
  let at = 0;
  return (path) => {
    const { value, flaw } = column[at++] as Named<T>;
    if (flaw !== undefined) throw new Error(`${printablePath(path)} has ${flaw}`);
    return value;
  };
}

function decodeFiles(
  columns: JsonObject,
  count: number,
  numbers: PlanNumbers,
): Named<FileContent>[] {
  const sizes = wholeColumn(columns, "size", count);
  const digests = digestColumn(columns, "sha256", count);
  const extents = decodeExtents(field(columns, "extents"), sizes);
  const racy = new Set(placeColumn(columns, "racy", count));
  const warned = new Set(placeColumn(columns, "warned", count));
  const sqlite = decodeSqlite(columns, count);
  return sizes.map((sizeBytes, at) => {
    const own = extents[at] as FileContent["extents"];
    return {
      value: {
        sizeBytes,
        sha256: digests[at] as Buffer,
        extents: own,
        racy: racy.has(at),
        warned: warned.has(at),
        sqlite: sqlite.get(at) ?? null,
      },
      flaw: extentsFlaw(own, sizeBytes, numbers),
    };
  });
}

function decodeTargets(columns: JsonObject, count: number): Named<Buffer>[] {
  const column = arrayField(columns, "target");
  requireCount("target", column.length, count);
  return column.map((raw) => {
    const value = decodeRawText(raw, "target");
    return { value, flaw: targetFlaw(value) };
  });
}

function targetFlaw(target: Buffer): string | undefined {
  if (target.length === 0) return "an empty link target";
  if (target.length > linkTargetBytesMax) return "too long a link target";
  return target.includes(0) ? "a link target with a NUL byte" : undefined;
}

function requirePath(path: Buffer, isDirectory: boolean): void {
  const flaw = pathFlaw(path.toString("latin1"), isDirectory);
  if (flaw !== undefined) throw new Error(`${printablePath(path).slice(0, 300)} is ${flaw}`);
}

function segmentOrNull(value: unknown): number | null {
  if (value === null || isWhole(value, Number.MAX_SAFE_INTEGER)) return value;
  throw new Error("header holds what is neither a segment nor null");
}

function placesOf(files: readonly FileEntry[], holds: (file: FileEntry) => boolean): number[] {
  return files.flatMap((file, at) => (holds(file) ? [at] : []));
}

function placeColumn(columns: JsonObject, name: string, count: number): readonly number[] {
  const places = arrayField(columns, name);
  return wholeColumn(columns, name, places.length, count - 1);
}

function countOf(letters: string, letter: string): number {
  let count = 0;
  for (const each of letters) {
    if (!"fdlh".includes(each)) throw new Error("type holds another letter than f, d, l and h");
    if (each === letter) count += 1;
  }
  return count;
}
