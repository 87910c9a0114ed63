// Takes hold of one entry of a tree as it is at this moment: what it is, and a small file's data or a large file's open handle.
// Nothing that takes a name's place after it was listed is followed, waited for, or read as if it were the file.
import { constants, type BigIntStats } from "node:fs";
import { lstat, open, readlink, type FileHandle } from "node:fs/promises";
import type { EntryAttributes } from "./archive-entry.ts";
import { fileSystemFault, systemErrorCode } from "./file-system-fault.ts";
import type { LinkedInode } from "./hard-links.ts";
import type { PackWarningKind } from "./pack-warnings.ts";

/** Files up to this size are read whole before their header is written, so that one that changes can be read again. */
export const smallFileBytesMax = 64 * 1024;
const readTriesMax = 3;

/** A file that is still to be read, and what it was when it was opened. */
export type OpenFile = { kind: "open"; handle: FileHandle; stats: BigIntStats; shownPath: string };

/** The data of a file: read already, and how the file changed in the meantime if it did; or still to be read. */
export type FileData = { kind: "whole"; bytes: Buffer; changed: string | undefined } | OpenFile;

/** What an entry turned out to be. Whoever gets one calls `closeCapture` in the end. */
export type Capture =
  | { kind: "directory"; path: Buffer; attributes: EntryAttributes }
  | {
      kind: "file";
      path: Buffer;
      attributes: EntryAttributes;
      inode: LinkedInode | undefined;
      sizeBytes: number;
      data: FileData;
    }
  | {
      kind: "symlink";
      path: Buffer;
      attributes: EntryAttributes;
      inode: LinkedInode | undefined;
      target: Buffer;
    }
  | { kind: "left-out"; path: Buffer; reason: PackWarningKind; detail: string };

/** Where an entry lies on disk now, what it is called in the archive, and what people know it as. */
export type Located = { diskPath: Buffer; path: Buffer; shownPath: string };

/** A symlink where a file was, anything where a directory was, a socket where a file was, anything where a symlink was. */
const replacedCodes: ReadonlySet<string> = new Set(["ELOOP", "ENOTDIR", "ENXIO", "EINVAL"]);
const openFlags =
  constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

/** Opens a file and reads it if it is small. Fails with a Fault when it may not be read; one that is gone or no longer a file is left out. */
export async function captureFile({ diskPath, path, shownPath }: Located): Promise<Capture> {
  let handle: FileHandle;
  try {
    handle = await open(diskPath, openFlags);
  } catch (error) {
    return leftOutOrThrow(error, path, shownPath);
  }
  let kept = false;
  try {
    const stats = await handle.stat({ bigint: true });
    if (!stats.isFile()) return leftOut(path, "replaced", "is no longer a file");
    if (stats.size <= smallFileBytesMax) return await captureSmall(handle, path, stats);
    kept = true;
    return fileCapture(path, stats, { kind: "open", handle, stats, shownPath });
  } catch (error) {
    throw fileSystemFault(error, "read", shownPath);
  } finally {
    if (!kept) await handle.close();
  }
}

/** Reads a symlink's text. It is left out when it is gone or no longer a symlink. */
export async function captureSymlink({ diskPath, path, shownPath }: Located): Promise<Capture> {
  try {
    const target = await readlink(diskPath, { encoding: "buffer" });
    const stats = await lstat(diskPath, { bigint: true });
    if (!stats.isSymbolicLink()) return leftOut(path, "replaced", "is no longer a symlink");
    return {
      kind: "symlink",
      path,
      attributes: attributesOf(stats),
      inode: linkedInode(stats),
      target,
    };
  } catch (error) {
    return leftOutOrThrow(error, path, shownPath);
  }
}

/** Closes the handle that a capture may hold. */
export async function closeCapture(capture: Capture): Promise<void> {
  if (capture.kind === "file" && capture.data.kind === "open") await capture.data.handle.close();
}

export function leftOut(path: Buffer, reason: PackWarningKind, detail: string): Capture {
  return { kind: "left-out", path, reason, detail };
}

/** What an entry that cannot be opened means: gone or replaced is a warning, anything else fails the pack. */
export function leftOutOrThrow(error: unknown, path: Buffer, shownPath: string): Capture {
  const code = systemErrorCode(error) ?? "";
  if (code === "ENOENT") return leftOut(path, "vanished", "was gone before it could be opened");
  if (replacedCodes.has(code)) {
    return leftOut(path, "replaced", "became something else before it could be opened");
  }
  throw fileSystemFault(error, "open", shownPath);
}

export function attributesOf(stats: BigIntStats): EntryAttributes {
  return {
    mode: Number(stats.mode & 0o7777n),
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    mtimeNs: stats.mtimeNs,
  };
}

/** How a file differs from what it was, in words, or undefined when it was not touched. */
export function changeBetween(before: BigIntStats, after: BigIntStats): string | undefined {
  if (after.size !== before.size) return `was ${before.size} bytes, is now ${after.size}`;
  if (after.mtimeNs !== before.mtimeNs) return "was written to while it was read";
  if (after.ctimeNs !== before.ctimeNs) return "its owner, mode or links changed while it was read";
  return undefined;
}

/** Reads until two looks at the file agree, or the tries are used up; then the last reading stands, with a warning. */
async function captureSmall(
  handle: FileHandle,
  path: Buffer,
  firstStats: BigIntStats,
): Promise<Capture> {
  let before = firstStats;
  for (let tries = 1; ; tries += 1) {
    const bytes = Buffer.allocUnsafe(Number(before.size));
    const readBytes = await readWhole(handle, bytes);
    bytes.fill(0, readBytes);
    const after = await handle.stat({ bigint: true });
    const changed = changeBetween(before, after);
    if (changed === undefined || tries === readTriesMax || after.size > smallFileBytesMax) {
      return fileCapture(path, before, { kind: "whole", bytes, changed });
    }
    before = after;
  }
}

async function readWhole(handle: FileHandle, bytes: Buffer): Promise<number> {
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}

function fileCapture(path: Buffer, stats: BigIntStats, data: FileData): Capture {
  return {
    kind: "file",
    path,
    attributes: attributesOf(stats),
    inode: linkedInode(stats),
    sizeBytes: Number(stats.size),
    data,
  };
}

function linkedInode(stats: BigIntStats): LinkedInode | undefined {
  if (stats.nlink <= 1n) return undefined;
  return { key: `${stats.dev}:${stats.ino}:${stats.birthtimeNs}`, names: Number(stats.nlink) };
}
