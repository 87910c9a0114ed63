// Reaches the entries of a scanned tree again when their turn comes, from any thread: descriptors belong to the process. Symlinks are never
// followed: what is opened must be the inode that was scanned, or be reached anew without following one, directory by directory.
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  type BigIntStats,
} from "node:fs";
import { fileSystemFault } from "../file-system-fault.ts";
import { printablePath } from "../printable-path.ts";
import { entryStatus, isSameInode, type EntryStatus } from "../scan/entry-status.ts";
import { leftOutOrFault, replaced, type LeftOut } from "../scan/left-out.ts";
import { pathWithin } from "../scan/open-directory.ts";

/** A tree whose root is held open. It can be handed to another thread. */
export type OpenTree = {
  readonly rootFd: number;
  /** The root's name in the archive with its slash, one character a byte: what entries' paths begin with. */
  readonly latin1Root: string;
  /** The root's path as people know it. */
  readonly shownRoot: string;
};

/** A fifo that took the file's place must not make the open wait. */
const fileFlags =
  constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;
const directoryFlags =
  constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_DIRECTORY;

/** The answers for a symlink, a socket or a missing device in a file's place, and for a file or a symlink in a directory's. */
const replacedFileCodes = ["ELOOP", "ENXIO", "ENODEV", "ENOTDIR"];
/** And that of readlink for anything that is no symlink. */
const replacedLinkCodes = ["EINVAL", "ENOTDIR", "ELOOP"];

/** What the kernel takes in one call, less the path of the root's descriptor. */
const pathBytesMax = 4_000;

/** An open file as it is now. Whoever gets one closes the descriptor. */
export type OpenFile = { readonly fd: number; readonly status: EntryStatus };
export type FoundSymlink = { readonly target: Buffer; readonly status: EntryStatus };
export type Found = { readonly stats: BigIntStats };

/** The path of an entry as people know it. */
export function shownPath({ shownRoot, latin1Root }: OpenTree, latin1Path: string): string {
  const below = Buffer.from(latin1Path.slice(latin1Root.length), "latin1");
  return `${shownRoot}/${printablePath(below)}`;
}

/**
 * Opens a file by the short way: the path must lead to the inode that was scanned, which the caller checks with `isSameInode`, or takes
 * the long way. Throws a system error.
 */
export function openByPath(tree: OpenTree, latin1Path: string): number {
  const below = latin1Path.slice(tree.latin1Root.length);
  if (below.length > pathBytesMax) return stepwise(tree, below, openEntry);
  return openSync(pathWithin(tree.rootFd, below), fileFlags);
}

/** Opens a regular file that is what was scanned, or what has taken its name since. Throws a Fault when it may not be opened. */
export function openFile(
  tree: OpenTree,
  latin1Path: string,
  scanned: EntryStatus,
): OpenFile | LeftOut {
  const shown = (): string => shownPath(tree, latin1Path);
  try {
    const byPath = openedFile(openByPath(tree, latin1Path));
    if (isOpenFile(byPath) && isSameInode(byPath.status, scanned)) return byPath;
    if (isOpenFile(byPath)) closeSync(byPath.fd);
    return openedFile(stepwise(tree, latin1Path.slice(tree.latin1Root.length), openEntry));
  } catch (error) {
    return leftOutOrFault(error, shown, replacedFileCodes);
  }
}

/** Reads a symlink's text and status without following it. Throws a Fault when that may not be. */
export function readSymlink(
  tree: OpenTree,
  latin1Path: string,
  scanned: EntryStatus,
): FoundSymlink | LeftOut {
  const below = latin1Path.slice(tree.latin1Root.length);
  try {
    if (below.length <= pathBytesMax) {
      const found = symlinkAt(pathWithin(tree.rootFd, below));
      if ("target" in found && isSameInode(found.status, scanned)) return found;
    }
    return stepwise(tree, below, (fd, name) => symlinkAt(pathWithin(fd, name)));
  } catch (error) {
    return leftOutOrFault(error, () => shownPath(tree, latin1Path), replacedLinkCodes);
  }
}

/** What has an entry's name now, whatever it is. Throws a Fault when it may not be looked at. */
export function lookAt(tree: OpenTree, latin1Path: string): Found | LeftOut {
  const below = latin1Path.slice(tree.latin1Root.length);
  try {
    return stepwise(tree, below, (fd, name) => ({
      stats: lstatSync(pathWithin(fd, name), { bigint: true }),
    }));
  } catch (error) {
    return leftOutOrFault(error, () => shownPath(tree, latin1Path), replacedFileCodes);
  }
}

export function fileStatus(fd: number): EntryStatus {
  return entryStatus(fstatSync(fd, { bigint: true }));
}

export function isLeftOut(found: object): found is LeftOut {
  return "reason" in found;
}

function isOpenFile(opened: OpenFile | LeftOut): opened is OpenFile {
  return "fd" in opened;
}

function openedFile(fd: number): OpenFile | LeftOut {
  try {
    const stats = fstatSync(fd, { bigint: true });
    if (stats.isFile()) return { fd, status: entryStatus(stats) };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  closeSync(fd);
  return replaced;
}

function openEntry(directoryFd: number, latin1Name: string): number {
  return openSync(pathWithin(directoryFd, latin1Name), fileFlags);
}

function symlinkAt(path: Buffer): FoundSymlink | LeftOut {
  const target = readlinkSync(path, { encoding: "buffer" });
  const stats = lstatSync(path, { bigint: true });
  return stats.isSymbolicLink() ? { target, status: entryStatus(stats) } : replaced;
}

/** Goes down to an entry's directory one name at a time, following no symlink, and does something there. */
function stepwise<Result>(
  { rootFd }: OpenTree,
  latin1Below: string,
  action: (directoryFd: number, latin1Name: string) => Result,
): Result {
  const names = latin1Below.split("/");
  const last = names.pop() as string;
  let fd = rootFd;
  try {
    for (const name of names) {
      const next = openSync(pathWithin(fd, name), directoryFlags);
      if (fd !== rootFd) closeSync(fd);
      fd = next;
    }
    return action(fd, last);
  } finally {
    if (fd !== rootFd) closeSync(fd);
  }
}

export function readFault(error: unknown, tree: OpenTree, latin1Path: string): unknown {
  return fileSystemFault(error, "read", shownPath(tree, latin1Path));
}
