// Holds a directory open and reaches its entries through the open descriptor, so that a directory swapped for a symlink
// while it is packed cannot lead the packer out of the tree, and no path grows too long for the kernel.
import { constants, type BigIntStats, type Dirent } from "node:fs";
import { open, opendir, stat, type FileHandle } from "node:fs/promises";
import { Fault } from "@manman/core/fault.ts";

const openFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NONBLOCK;

/**
 * Node gives names as Buffers here as everywhere else, though its types do not say so. Asked for "latin1" instead, it would look
 * names up again as UTF-8 on file systems that list no kinds.
 */
const listingOptions = { encoding: "buffer" as BufferEncoding, bufferSize: 512 };

/** An open directory and its status when it was opened. Whoever opens one closes it. */
export type OpenDirectory = { handle: FileHandle; stats: BigIntStats };

export type ListedKind = "directory" | "file" | "symlink" | "socket" | "fifo" | "device";

/**
 * A name in a directory, and what the listing says it is: it may have become something else since. The name is one character
 * a byte and stands as in an archive: a directory's ends in a slash. A Buffer for each would take ten times the memory.
 */
export type ListedName = { latin1Name: string; kind: ListedKind };

/** Opens the root of a tree, the only place where a symlink is followed. Fails with a system error, or a Fault where /proc is not mounted. */
export async function openRoot(path: Buffer | string): Promise<OpenDirectory> {
  const directory = await openWith(path, openFlags);
  try {
    await requireDescriptorPaths(directory);
    return directory;
  } catch (error) {
    await directory.handle.close();
    throw error;
  }
}

/** Opens a directory inside the tree. Fails with a system error: ENOTDIR where a symlink or a file has taken its place. */
export async function openDirectory(path: Buffer): Promise<OpenDirectory> {
  return await openWith(path, openFlags | constants.O_NOFOLLOW);
}

/** Where an entry of an open directory is reached, for as long as the directory stays open. */
export function pathWithin({ handle }: OpenDirectory, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${descriptorPath(handle)}/`), name]);
}

/**
 * What a directory holds, in the byte order of archive names: "a-b" stands before what is in "a", because "-" is less than "/".
 * Bound: a name and about 100 bytes for each entry of one directory. Fails with a system error.
 */
export async function listDirectory({ handle }: OpenDirectory): Promise<ListedName[]> {
  const listed: ListedName[] = [];
  for await (const dirent of await opendir(descriptorPath(handle), listingOptions)) {
    listed.push(listedName(dirent as unknown as Dirent<Buffer>));
  }
  return listed.toSorted(byBytes);
}

/** Whether a directory that is open has been removed meanwhile. */
export async function isRemoved({ handle }: OpenDirectory): Promise<boolean> {
  return (await handle.stat({ bigint: true })).nlink === 0n;
}

async function openWith(path: Buffer | string, flags: number): Promise<OpenDirectory> {
  const handle = await open(path, flags);
  try {
    return { handle, stats: await handle.stat({ bigint: true }) };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function descriptorPath(handle: FileHandle): string {
  return `/proc/self/fd/${handle.fd}`;
}

/** Without /proc every file would look as if it had vanished, and an empty archive as if it were complete. */
async function requireDescriptorPaths({ handle, stats }: OpenDirectory): Promise<void> {
  const path = descriptorPath(handle);
  const reached = await stat(path, { bigint: true }).catch(() => undefined);
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
