// Turns a directory on disk, or a tree that a test made up, into entries of a fixture archive.
import { lstatSync, readFileSync, readlinkSync } from "node:fs";
import { treePaths } from "../worlds/tree-paths.ts";
import type { FixtureEntry } from "./fixture-archive.ts";

/** Every entry below `dir`, which is called `game/`. */
export function fixtureTree(dir: string): FixtureEntry[] {
  const rootBytes = Buffer.byteLength(dir);
  const found = treePaths(dir).map((diskPath) => ({
    diskPath,
    stats: lstatSync(diskPath, { bigint: true }),
    path: Buffer.concat([Buffer.from("game"), diskPath.subarray(rootBytes)]),
  }));
  const firstNames = new Map<string, Buffer>();
  return found
    .map(({ diskPath, stats, path }) => {
      const isDirectory = stats.isDirectory();
      return {
        diskPath,
        stats,
        path: isDirectory ? Buffer.concat([path, Buffer.from("/")]) : path,
      };
    })
    .toSorted((a, b) => Buffer.compare(a.path, b.path))
    .map(({ diskPath, stats, path }): FixtureEntry => {
      const attributes = {
        path,
        mode: Number(stats.mode & 0o7777n),
        uid: Number(stats.uid),
        gid: Number(stats.gid),
        mtimeNs: stats.mtimeNs,
      };
      if (stats.isDirectory()) return { ...attributes, kind: "directory" };
      const inode = `${stats.dev}:${stats.ino}`;
      const first = firstNames.get(inode);
      if (first !== undefined) return { ...attributes, kind: "hardlink", target: first };
      firstNames.set(inode, path);
      if (!stats.isSymbolicLink())
        return { ...attributes, kind: "file", data: () => readFileSync(diskPath) };
      return {
        ...attributes,
        kind: "symlink",
        target: readlinkSync(diskPath, { encoding: "buffer" }),
      };
    });
}

/** A directory of a made-up tree; `path` ends in a slash. */
export function directoryEntry(path: string): FixtureEntry {
  return { ...plain, path: Buffer.from(path), mode: 0o755, kind: "directory" };
}

export function fileEntry(path: string, data: string | Buffer): FixtureEntry {
  return { ...plain, path: Buffer.from(path), kind: "file", data: () => Buffer.from(data) };
}

export function symlinkEntry(path: string, target: string): FixtureEntry {
  return { ...plain, path: Buffer.from(path), kind: "symlink", target: Buffer.from(target) };
}

export function hardlinkEntry(path: string, target: string): FixtureEntry {
  return { ...plain, path: Buffer.from(path), kind: "hardlink", target: Buffer.from(target) };
}

const plain = {
  mode: 0o644,
  uid: process.getuid?.() ?? 0,
  gid: process.getgid?.() ?? 0,
  mtimeNs: 1_700_000_000_123_456_789n,
};
