// What the file system says about an entry, with everything by which a change or a stranger in its place is noticed.
import type { BigIntStats } from "node:fs";
import type { LinkedInode } from "./hard-links.ts";

export type EntryStatus = {
  /** Permission bits with setuid, setgid and sticky: 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  /** Times of modification and of change in nanoseconds since 1970; negative before. */
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly dev: bigint;
  readonly ino: bigint;
};

export function entryStatus(stats: BigIntStats): EntryStatus {
  return {
    mode: Number(stats.mode) & 0o7777,
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    sizeBytes: Number(stats.size),
    mtimeNs: stats.mtimeNs,
    ctimeNs: stats.ctimeNs,
    dev: stats.dev,
    ino: stats.ino,
  };
}

/** Whether both are of one inode. */
export function isSameInode(a: EntryStatus, b: EntryStatus): boolean {
  return a.ino === b.ino && a.dev === b.dev;
}

/** How an entry differs from what it was, in words, or undefined when it was not touched. */
export function changeBetween(before: EntryStatus, after: EntryStatus): string | undefined {
  if (after.sizeBytes !== before.sizeBytes) {
    return `was ${before.sizeBytes} bytes, is now ${after.sizeBytes}`;
  }
  if (after.mtimeNs !== before.mtimeNs) return "was written to while it was read";
  if (after.ctimeNs !== before.ctimeNs) return "its owner, mode or links changed while it was read";
  return undefined;
}

/** The inode when it has more than one name. */
export function linkedInode(stats: BigIntStats): LinkedInode | undefined {
  if (stats.nlink <= 1n) return undefined;
  return { key: `${stats.dev}:${stats.ino}:${stats.birthtimeNs}`, names: Number(stats.nlink) };
}
