// Opens a regular file and reads it if it is small, so that many small files can be read at once and one that changes can be read again.
import { constants, type BigIntStats } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import {
  attributesOf,
  leftOut,
  leftOutOrFault,
  linkedInode,
  type Capture,
  type FileData,
  type Located,
} from "./capture.ts";
import { fileSystemFault } from "./file-system-fault.ts";

/** Files up to this size are read whole before their header is written. */
export const smallFileBytesMax = 64 * 1024;
const readingsMax = 3;

/** A fifo that took the file's place must not make the open wait. */
const openFlags =
  constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;
/** The answers for a symlink and for a socket in a file's place. */
const replacedCodes = ["ELOOP", "ENXIO"];

/** Fails with a Fault when it may not be read; one that is gone or no longer a file is left out. */
export async function captureFile(located: Located): Promise<Capture> {
  let handle: FileHandle;
  try {
    handle = await open(located.diskPath, openFlags);
  } catch (error) {
    return leftOutOrFault(error, located, replacedCodes);
  }
  let kept = false;
  try {
    const stats = await handle.stat({ bigint: true });
    if (!stats.isFile()) return leftOut(located.path, "replaced", "is no longer a file");
    if (stats.size <= smallFileBytesMax) return await captureSmall(handle, located.path, stats);
    kept = true;
    const { path, shownPath } = located;
    return fileCapture(path, stats, { kind: "open", handle, stats, shownPath });
  } catch (error) {
    throw fileSystemFault(error, "read", located.shownPath);
  } finally {
    if (!kept) await handle.close();
  }
}

/** How a file differs from what it was, in words, or undefined when it was not touched. */
export function changeBetween(before: BigIntStats, after: BigIntStats): string | undefined {
  if (after.size !== before.size) return `was ${before.size} bytes, is now ${after.size}`;
  if (after.mtimeNs !== before.mtimeNs) return "was written to while it was read";
  if (after.ctimeNs !== before.ctimeNs) return "its owner, mode or links changed while it was read";
  return undefined;
}

/** Reads until a reading has seen no change. Where none did, or the file outgrew its kind, the last one stands, with a warning. */
async function captureSmall(
  handle: FileHandle,
  path: Buffer,
  firstStats: BigIntStats,
): Promise<Capture> {
  let before = firstStats;
  for (let reading = 1; ; reading += 1) {
    const bytes = await readSize(handle, Number(before.size));
    const after = await handle.stat({ bigint: true });
    const changed = changeBetween(before, after);
    if (changed === undefined || reading === readingsMax || after.size > smallFileBytesMax) {
      return fileCapture(path, before, { kind: "whole", bytes, changed });
    }
    before = after;
  }
}

/** The file's first `sizeBytes`, with zeros for what is no longer there. */
async function readSize(handle: FileHandle, sizeBytes: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(sizeBytes);
  for (let filled = 0; filled < sizeBytes;) {
    const { bytesRead } = await handle.read(bytes, filled, sizeBytes - filled, filled);
    if (bytesRead === 0) return bytes.fill(0, filled);
    filled += bytesRead;
  }
  return bytes;
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
