// One directory on the way down a tree: listed, and held open until everything in it was reached through its descriptor.
import { Fault } from "@manman/core/fault.ts";
import type { EntryAttributes } from "./archive-entry.ts";
import { attributesOf, leftOut, leftOutOrFault, type Capture, type Located } from "./capture.ts";
import { fileSystemFault, systemErrorCode } from "./file-system-fault.ts";
import {
  isRemoved,
  listDirectory,
  openDirectory,
  openRoot,
  pathWithin,
  type ListedName,
  type OpenDirectory,
} from "./open-directory.ts";
import { printablePath } from "./printable-path.ts";

export class WalkLevel {
  /** In the archive, with its slash. */
  readonly path: Buffer;
  readonly #directory: OpenDirectory;
  readonly #shownPath: string;
  /** What is still to be visited, the next one last. */
  readonly #namesLeft: ListedName[];
  readonly #reaching = new Set<Promise<Capture>>();

  constructor(directory: OpenDirectory, { path, shownPath }: Place, names: ListedName[]) {
    this.path = path;
    this.#directory = directory;
    this.#shownPath = shownPath;
    this.#namesLeft = names.toReversed();
  }

  get attributes(): EntryAttributes {
    return attributesOf(this.#directory.stats);
  }

  get isEmpty(): boolean {
    return this.#namesLeft.length === 0;
  }

  /** The next name in the archive's order, or undefined after the last. */
  nextName(): ListedName | undefined {
    return this.#namesLeft.pop();
  }

  locate({ latin1Name, kind }: ListedName): Located {
    const archiveName = Buffer.from(latin1Name, "latin1");
    const name = kind === "directory" ? archiveName.subarray(0, -1) : archiveName;
    return {
      diskPath: pathWithin(this.#directory, name),
      path: Buffer.concat([this.path, archiveName]),
      shownPath: `${this.#shownPath}/${printablePath(name)}`,
    };
  }

  /** Keeps the directory open until the capture is done. */
  holdFor(capture: Promise<Capture>): void {
    const reached = (): boolean => this.#reaching.delete(capture);
    capture.then(reached, reached);
    this.#reaching.add(capture);
  }

  /** Whether this is the directory that the status describes. */
  is(stats: { dev: bigint; ino: bigint }): boolean {
    return stats.dev === this.#directory.stats.dev && stats.ino === this.#directory.stats.ino;
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#reaching);
    await this.#directory.handle.close();
  }
}

/** Opens the tree's root, following a symlink there. Fails with a Fault. */
export async function openRootLevel(rootPath: Buffer, rootName: string): Promise<WalkLevel> {
  const place = { path: Buffer.from(`${rootName}/`), shownPath: printablePath(rootPath) };
  let directory: OpenDirectory;
  try {
    directory = await openRoot(rootPath);
  } catch (error) {
    throw fileSystemFault(error, "open", place.shownPath);
  }
  const level = await listedLevel(directory, place);
  if (level === undefined) throw new Fault("missing", `list ${place.shownPath}: it was removed`);
  return level;
}

/** Opens a directory in the tree. One that is gone or replaced is left out with all that was in it; other failures are Faults. */
export async function openLevel(located: Located): Promise<WalkLevel | Capture> {
  let directory: OpenDirectory;
  try {
    directory = await openDirectory(located.diskPath);
  } catch (error) {
    // ENOTDIR is the answer for a symlink as well, because it is not followed.
    return leftOutOrFault(error, located, ["ENOTDIR"]);
  }
  const level = await listedLevel(directory, located);
  return level ?? leftOut(located.path, "vanished", "was removed before it could be listed");
}

type Place = Pick<Located, "path" | "shownPath">;

/**
 * The level of an open directory, or undefined when it has been removed. A missing name inside it must not pass for that,
 * or everything in the directory would be left out.
 */
async function listedLevel(directory: OpenDirectory, place: Place): Promise<WalkLevel | undefined> {
  try {
    return new WalkLevel(directory, place, await listDirectory(directory));
  } catch (error) {
    const removed = systemErrorCode(error) === "ENOENT" && (await isRemoved(directory));
    await directory.handle.close();
    if (removed) return undefined;
    throw fileSystemFault(error, "list", place.shownPath);
  }
}
