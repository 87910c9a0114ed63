// What one entry of a tree turned out to be when it was opened. Whatever takes a name's place after it was listed is not
// followed, not waited for, and not read as if it were what the listing said: it is left out with a warning.
import type { BigIntStats } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import type { EntryAttributes } from "./archive-entry.ts";
import { fileSystemFault, systemErrorCode } from "./file-system-fault.ts";
import type { LinkedInode } from "./hard-links.ts";
import type { PackWarningKind } from "./pack-warnings.ts";

/** A file that is still to be read, and its status when it was opened. */
export type OpenFile = { kind: "open"; handle: FileHandle; stats: BigIntStats; shownPath: string };

/** The data of a file: read already, and how the file changed in the meantime if it did; or still to be read. */
export type FileData = { kind: "whole"; bytes: Buffer; changed: string | undefined } | OpenFile;

/** Whoever gets one calls `closeCapture` in the end. */
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

/** Where an entry is reached now, what it is called in the archive, and the path that people know it by. */
export type Located = { diskPath: Buffer; path: Buffer; shownPath: string };

/** Closes the handle that a capture may hold. */
export async function closeCapture(capture: Capture): Promise<void> {
  if (capture.kind === "file" && capture.data.kind === "open") await capture.data.handle.close();
}

export function leftOut(path: Buffer, reason: PackWarningKind, detail: string): Capture {
  return { kind: "left-out", path, reason, detail };
}

/**
 * What it means that an entry could not be opened: gone, or, where the error is one of `replacedCodes`, no longer of its kind.
 * Throws a Fault for everything else.
 */
export function leftOutOrFault(
  error: unknown,
  { path, shownPath }: Pick<Located, "path" | "shownPath">,
  replacedCodes: readonly string[],
): Capture {
  const code = systemErrorCode(error);
  if (code === "ENOENT") return leftOut(path, "vanished", "was gone before it could be opened");
  if (code !== undefined && replacedCodes.includes(code)) {
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

/** The inode when it has more than one name. */
export function linkedInode(stats: BigIntStats): LinkedInode | undefined {
  if (stats.nlink <= 1n) return undefined;
  return { key: `${stats.dev}:${stats.ino}:${stats.birthtimeNs}`, names: Number(stats.nlink) };
}
