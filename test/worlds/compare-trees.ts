// Compares two trees as `diff -r` does, and beyond it modes, owners, times, links and which names lead to one file.
import { closeSync, lstatSync, openSync, readlinkSync, readSync, type BigIntStats } from "node:fs";
import { printablePath } from "@manman/archive/printable-path.ts";
import { treePaths } from "./tree-paths.ts";

/** What is not compared, or less sharply, because the one who extracted could not do better. */
export type Leniency = {
  /** Not root: everything belongs to whoever extracted. */
  ignoreOwners?: boolean;
  /** A reader that keeps times as floating point is off by up to this. */
  mtimeSlackNs?: bigint;
  /** A reader that sets no times on symlinks. */
  ignoreSymlinkTimes?: boolean;
  /** A reader that takes the fraction of a time before 1970 for one that comes after the full second. */
  ignoreEarlyFractions?: boolean;
  /** A reader that lets no file act as its owner where it could not give the file to that owner. */
  ignoreSetIds?: boolean;
};

/** Every difference as one line naming the path; empty when the trees are the same. Sockets, fifos and devices count as entries. */
export function compareTrees(left: string, right: string, leniency: Leniency = {}): string[] {
  const leftEntries = entriesOf(left);
  const rightEntries = entriesOf(right);
  const differences: string[] = [];
  for (const [key, entry] of leftEntries) {
    const other = rightEntries.get(key);
    if (other === undefined) differences.push(`${shown(key)}: only in ${left}`);
    else
      for (const what of differencesOf(entry, other, leniency))
        differences.push(`${shown(key)}: ${what}`);
  }
  for (const key of rightEntries.keys()) {
    if (!leftEntries.has(key)) differences.push(`${shown(key)}: only in ${right}`);
  }
  return differences;
}

type TreeEntry = { path: Buffer; stats: BigIntStats; firstName: string };

/** Keyed by the path below the root, one character a byte, so that names that are no text stay different. */
function entriesOf(root: string): Map<string, TreeEntry> {
  const rootBytes = Buffer.byteLength(root);
  const firstNames = new Map<string, string>();
  const entries = new Map<string, TreeEntry>();
  for (const path of treePaths(root)) {
    const stats = lstatSync(path, { bigint: true });
    const key = path.subarray(rootBytes).toString("latin1");
    const inode = `${stats.dev}:${stats.ino}`;
    if (!firstNames.has(inode)) firstNames.set(inode, key);
    entries.set(key, { path, stats, firstName: firstNames.get(inode) as string });
  }
  return entries;
}

function differencesOf(a: TreeEntry, b: TreeEntry, leniency: Leniency): string[] {
  const kinds = [kindOf(a.stats), kindOf(b.stats)];
  if (kinds[0] !== kinds[1]) return [`kind ${kinds.join(" / ")}`];
  const found: string[] = [];
  const same = (what: string, left: unknown, right: unknown): void => {
    if (left !== right) found.push(`${what} ${String(left)} / ${String(right)}`);
  };
  if (kinds[0] !== "symlink") {
    const compared = leniency.ignoreSetIds === true ? 0o1777n : 0o7777n;
    same("mode", octal(a.stats.mode & compared), octal(b.stats.mode & compared));
  }
  if (leniency.ignoreOwners !== true) {
    same("uid", a.stats.uid, b.stats.uid);
    same("gid", a.stats.gid, b.stats.gid);
  }
  const isEarlyFraction = a.stats.mtimeNs < 0n && a.stats.mtimeNs % 1_000_000_000n !== 0n;
  const timed =
    (kinds[0] !== "symlink" || leniency.ignoreSymlinkTimes !== true) &&
    !(isEarlyFraction && leniency.ignoreEarlyFractions === true);
  if (timed && apartNs(a.stats, b.stats) > (leniency.mtimeSlackNs ?? 0n)) {
    same("mtime", a.stats.mtimeNs, b.stats.mtimeNs);
  }
  same("hard link to", shown(a.firstName), shown(b.firstName));
  if (kinds[0] === "symlink") same("target", targetOf(a.path), targetOf(b.path));
  if (kinds[0] === "file") {
    same("size", a.stats.size, b.stats.size);
    if (a.stats.size === b.stats.size && !sameBytes(a.path, b.path)) found.push("content");
  }
  return found;
}

function kindOf(stats: BigIntStats): string {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "directory";
  if (stats.isSymbolicLink()) return "symlink";
  return "special";
}

function apartNs(a: BigIntStats, b: BigIntStats): bigint {
  return a.mtimeNs > b.mtimeNs ? a.mtimeNs - b.mtimeNs : b.mtimeNs - a.mtimeNs;
}

function octal(mode: bigint): string {
  return mode.toString(8);
}

function targetOf(path: Buffer): string {
  return printablePath(readlinkSync(path, { encoding: "buffer" }));
}

function sameBytes(a: Buffer, b: Buffer): boolean {
  const [aFd, bFd] = [openSync(a, "r"), openSync(b, "r")];
  try {
    for (;;) {
      const aRead = readSync(aFd, aChunk);
      const bRead = readSync(bFd, bChunk);
      if (!aChunk.subarray(0, aRead).equals(bChunk.subarray(0, bRead))) return false;
      if (aRead === 0) return true;
    }
  } finally {
    closeSync(aFd);
    closeSync(bFd);
  }
}

const chunkBytes = 1024 * 1024;
const aChunk = Buffer.allocUnsafeSlow(chunkBytes);
const bChunk = Buffer.allocUnsafeSlow(chunkBytes);

function shown(key: string): string {
  return printablePath(Buffer.from(key === "" ? "." : key, "latin1"));
}
