// A file that does nothing but take up space, so that there is some to be had when the disk is full: whatever is under way can then still
// be written down. Whoever needs it removes it, in whatever process.
import { createHash } from "node:crypto";
import { open, rename, stat, statfs, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isCode, syncDirectory } from "./games/durable-file.ts";

const name = "reserve";
const chunkBytes = 1_048_576;

export type DiskSpace = {
  /** What we may still take. */
  readonly freeBytes: number;
  readonly totalBytes: number;
};

/** The reserve of a state directory. */
export function reserveFileIn(stateDir: string): string {
  return join(stateDir, name);
}

/** Whether the disk, or what we may have of it, is full. */
export function isFull(error: unknown): boolean {
  return isCode(error, "ENOSPC") || isCode(error, "EDQUOT");
}

/** Does `work`; where the disk has no room for it, removes the reserve and does it once more. Says then whether there was one. */
export async function spendingReserve<T>(
  file: string,
  work: () => Promise<T>,
  onFull: (wasThere: boolean, error: unknown) => Promise<void> = async () => undefined,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isFull(error)) throw error;
    const removed = await Promise.all([file, draftOf(file)].map(remove));
    await onFull(removed.includes(true), error);
    return await work();
  }
}

/** Whether the whole of it is there. */
export async function hasReserve(file: string, sizeBytes: number): Promise<boolean> {
  try {
    return (await stat(file)).size === sizeBytes;
  } catch (error) {
    if (isCode(error, "ENOENT")) return false;
    throw error;
  }
}

/** Makes the whole of it, really written: a hole, or what a file system could compress, would keep nothing free. */
export async function makeReserve(file: string, sizeBytes: number): Promise<void> {
  const draft = draftOf(file);
  try {
    const handle = await open(draft, "w", 0o600);
    try {
      for (let written = 0; written < sizeBytes; written += chunkBytes) {
        const length = Math.min(chunkBytes, sizeBytes - written);
        await handle.writeFile(incompressible(written, length));
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    await remove(draft);
    throw error;
  }
  await rename(draft, file);
  await syncDirectory(dirname(file));
}

export async function spaceAt(path: string): Promise<DiskSpace> {
  const { bavail, blocks, bsize } = await statfs(path);
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
}

function draftOf(file: string): string {
  return `${file}.draft`;
}

/** Whether it was there. */
async function remove(file: string): Promise<boolean> {
  try {
    await unlink(file);
    return true;
  } catch (error) {
    if (isCode(error, "ENOENT")) return false;
    throw error;
  }
}

function incompressible(seed: number, bytes: number): Buffer {
  return createHash("shake256", { outputLength: bytes }).update(String(seed)).digest();
}
