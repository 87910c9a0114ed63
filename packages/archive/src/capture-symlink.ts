// Reads a symlink's text and attributes without following it.
import { lstat, readlink } from "node:fs/promises";
import {
  attributesOf,
  leftOut,
  leftOutOrFault,
  linkedInode,
  type Capture,
  type Located,
} from "./capture.ts";

/** readlink's answer for anything that is no symlink. */
const replacedCodes = ["EINVAL"];

/** Fails with a Fault when it cannot be read; one that is gone or no longer a symlink is left out. */
export async function captureSymlink(located: Located): Promise<Capture> {
  const { diskPath, path } = located;
  try {
    const target = await readlink(diskPath, { encoding: "buffer" });
    const stats = await lstat(diskPath, { bigint: true });
    if (!stats.isSymbolicLink()) return leftOut(path, "replaced", "is no longer a symlink");
    const attributes = attributesOf(stats);
    return { kind: "symlink", path, attributes, inode: linkedInode(stats), target };
  } catch (error) {
    return leftOutOrFault(error, located, replacedCodes);
  }
}
