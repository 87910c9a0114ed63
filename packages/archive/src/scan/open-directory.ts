// Holds a directory open and reaches its entries through the open descriptor, so that a directory swapped for a symlink
// while it is scanned cannot lead out of the tree, and no path grows too long for the kernel. All calls block: one of them costs
// a fifth of what it costs to wait for it in turn, and there is nothing else to do meanwhile.
import {
  closeSync,
  constants,
  fstatSync,
  opendirSync,
  openSync,
  statSync,
  type BigIntStats,
  type Dirent,
} from "node:fs";
import { Fault } from "@manman/core/fault.ts";

const openFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NONBLOCK;

/**
 * Node gives names as Buffers here as everywhere else, though its types do not say so. Asked for "latin1" instead, it would look
 * names up again as UTF-8 on file systems that list no kinds.
 */
const listingOptions = { encoding: "buffer" as BufferEncoding, bufferSize: 512 };

/** An open directory and its status when it was opened. Whoever opens one closes the descriptor. */
export type OpenDirectory = { readonly fd: number; readonly stats: BigIntStats };

export type ListedKind = "directory" | "file" | "symlink" | "socket" | "fifo" | "device";

/**
 * A name in a directory, and what the listing says it is: it may have become something else since. The name is one character
 * a byte and stands as in an archive: a directory's ends in a slash. A Buffer for each would take ten times the memory.
 */
export type ListedName = { readonly latin1Name: string; readonly kind: ListedKind };

/** Opens the root of a tree, the only place where a symlink is followed. Throws a system error, or a Fault where /proc is not mounted. */
export function openRoot(path: Buffer | string): OpenDirectory {
  const directory = openWith(path, openFlags);
  try {
    requireDescriptorPaths(directory);
    return directory;
  } catch (error) {
    closeSync(directory.fd);
    throw error;
  }
}

/** Opens a directory inside the tree. Throws a system error: ENOTDIR where a symlink or a file has taken its place. */
export function openDirectory(path: Buffer): OpenDirectory {
  return openWith(path, openFlags | constants.O_NOFOLLOW);
}

/** Where an entry of an open directory is reached, for as long as the directory stays open. */
export function pathWithin(directoryFd: number, latin1Name: string): Buffer {
  return Buffer.from(`${descriptorPath(directoryFd)}/${latin1Name}`, "latin1");
}

/**
 * What a directory holds, in the byte order of archive names: "a-b" stands before what is in "a", because "-" is less than "/".
 * Bound: a name and about 100 bytes for each entry of one directory. Throws a system error.
 */
export function listDirectory({ fd }: OpenDirectory): ListedName[] {
  const listed: ListedName[] = [];
  const listing = opendirSync(descriptorPath(fd), listingOptions);
  try {
    for (let dirent = listing.readSync(); dirent !== null; dirent = listing.readSync()) {
      listed.push(listedName(dirent as unknown as Dirent<Buffer>));
    }
  } finally {
    listing.closeSync();
  }
  return listed.toSorted(byBytes);
}

/** Whether a directory that is open has been removed meanwhile. */
export function isRemoved({ fd }: OpenDirectory): boolean {
  return fstatSync(fd, { bigint: true }).nlink === 0n;
}

function openWith(path: Buffer | string, flags: number): OpenDirectory {
  const fd = openSync(path, flags);
  try {
    return { fd, stats: fstatSync(fd, { bigint: true }) };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function descriptorPath(fd: number): string {
  return `/proc/self/fd/${fd}`;
}

/** Without /proc every file would look as if it had vanished, and an empty archive as if it were complete. */
function requireDescriptorPaths({ fd, stats }: OpenDirectory): void {
  const path = descriptorPath(fd);
  const reached = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (reached?.ino !== stats.ino || reached.dev !== stats.dev) {
    throw new Fault("missing", `reach open directories through ${path}: is /proc mounted?`);
  }
}

function listedName(dirent: Dirent<Buffer>): ListedName {
  const latin1Name = dirent.name.toString("latin1");
  if (dirent.isDirectory()) return { latin1Name: `${latin1Name}/`, kind: "directory" };
  return { latin1Name, kind: listedKind(dirent) };
}

/** Strings of one character a byte compare as their bytes do. */
function byBytes(a: ListedName, b: ListedName): number {
  return a.latin1Name < b.latin1Name ? -1 : 1;
}

function listedKind(dirent: Dirent<Buffer>): ListedKind {
  if (dirent.isFile()) return "file";
  if (dirent.isSymbolicLink()) return "symlink";
  if (dirent.isSocket()) return "socket";
  if (dirent.isFIFO()) return "fifo";
  return "device";
}
