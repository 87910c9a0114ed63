// Walks a directory tree in the order of an archive: the root, then everything that is no directory in byte order of paths, then the
// other directories, each after those inside it. Nothing is put into a directory after its own header, so that whatever tool extracts,
// nothing moves the directory's time or finds it read-only.
import { stat } from "node:fs/promises";
import { Fault } from "@manman/core/fault.ts";
import type { EntryAttributes } from "./archive-entry.ts";
import {
  attributesOf,
  captureFile,
  captureSymlink,
  leftOut,
  leftOutOrThrow,
  type Capture,
} from "./capture.ts";
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

export type Walk = {
  rootPath: Buffer;
  /** What the root is called in the archive, without a slash. */
  rootName: string;
  /** Whether a root with nothing in it is a tree like any other, or the sign of a disk that is not mounted. */
  emptyRoot: "refuse" | "allow";
  signal: AbortSignal;
};

/** One step of a walk. The capture goes on by itself; whoever takes the step closes the handle that it may end with. */
export type WalkStep = { capture: Promise<Capture> };

/**
 * The entries of a tree, each already being captured when it is handed out, so that asking for several ahead reads them at once.
 * Bounds: one open descriptor for each level of depth, the names of the directories on the way down, and for each directory
 * of the whole tree its path and about 200 bytes. Fails with a Fault for whatever cannot be read; gone or replaced entries are left out.
 */
export async function* walkTree(walk: Walk): AsyncGenerator<WalkStep, void, void> {
  const shownRoot = printablePath(walk.rootPath);
  const root = await openRoot(walk.rootPath).catch((error: unknown) => {
    throw fileSystemFault(error, "open", shownRoot);
  });
  const levels: Level[] = [new Level(root, Buffer.from(`${walk.rootName}/`))];
  const directories: VisitedDirectory[] = [];
  try {
    await fillRoot(levels[0] as Level, walk, shownRoot);
    yield directoryStep(visited(levels[0] as Level));
    for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
      walk.signal.throwIfAborted();
      const child = level.names.pop();
      if (child === undefined) {
        levels.pop();
        await level.close();
      } else if (child.kind === "directory") {
        const entered = await enter(level, child, shownPathIn(walk, level, child));
        if (entered instanceof Level) {
          levels.push(entered);
          directories.push(visited(entered));
        } else {
          yield { capture: Promise.resolve(entered) };
        }
      } else {
        yield { capture: level.track(captureOf(level, child, shownPathIn(walk, level, child))) };
      }
    }
    await requireSameRoot(root, walk.rootPath, shownRoot);
  } finally {
    for (const level of levels) await level.close();
  }
  for (const directory of directories.toReversed()) yield directoryStep(directory);
}

/** A directory on the way down. It stays open until every capture in it has reached its entry. */
class Level {
  readonly directory: OpenDirectory;
  readonly path: Buffer;
  /** What is still to be visited, the next one last. */
  names: ListedName[] = [];
  readonly #reaching = new Set<Promise<unknown>>();

  constructor(directory: OpenDirectory, path: Buffer) {
    this.directory = directory;
    this.path = path;
  }

  track(capture: Promise<Capture>): Promise<Capture> {
    const reached = (): boolean => this.#reaching.delete(capture);
    capture.then(reached, reached);
    this.#reaching.add(capture);
    return capture;
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#reaching);
    await this.directory.handle.close();
  }
}

async function fillRoot(level: Level, walk: Walk, shownRoot: string): Promise<void> {
  try {
    level.names = (await listDirectory(level.directory)).toReversed();
  } catch (error) {
    throw fileSystemFault(error, "list", shownRoot);
  }
  if (level.names.length === 0 && walk.emptyRoot === "refuse") {
    throw new Fault("missing", `pack ${shownRoot}: it is empty; is its disk mounted?`);
  }
}

/** Opens and lists a directory; one that is gone or replaced is left out with all that was in it. */
async function enter(
  parent: Level,
  child: ListedName,
  shownPath: string,
): Promise<Level | Capture> {
  const path = Buffer.concat([parent.path, child.archiveName]);
  let directory: OpenDirectory;
  try {
    directory = await openDirectory(pathWithin(parent.directory, child.name));
  } catch (error) {
    return leftOutOrThrow(error, path, shownPath);
  }
  try {
    const level = new Level(directory, path);
    level.names = (await listDirectory(directory)).toReversed();
    return level;
  } catch (error) {
    const removed = systemErrorCode(error) === "ENOENT" && (await isRemoved(directory));
    await directory.handle.close();
    if (removed) return leftOut(path, "vanished", "was removed before it could be listed");
    throw fileSystemFault(error, "list", shownPath);
  }
}

async function captureOf(level: Level, child: ListedName, shownPath: string): Promise<Capture> {
  const path = Buffer.concat([level.path, child.archiveName]);
  const diskPath = pathWithin(level.directory, child.name);
  if (child.kind === "file") return await captureFile({ diskPath, path, shownPath });
  if (child.kind === "symlink") return await captureSymlink({ diskPath, path, shownPath });
  return leftOut(path, "skipped", `is a ${child.kind}`);
}

/** What is remembered of a directory until the end. The path is one character a byte: a small Buffer would keep the whole slab that it was cut from. */
type VisitedDirectory = { latin1Path: string; attributes: EntryAttributes };

function visited({ path, directory }: Level): VisitedDirectory {
  return { latin1Path: path.toString("latin1"), attributes: attributesOf(directory.stats) };
}

function directoryStep({ latin1Path, attributes }: VisitedDirectory): WalkStep {
  const path = Buffer.from(latin1Path, "latin1");
  return { capture: Promise.resolve({ kind: "directory", path, attributes }) };
}

/** The path on disk for messages: what is below the root's archive name, put behind the root's own path. */
function shownPathIn(walk: Walk, level: Level, child: ListedName): string {
  const below = level.path.subarray(Buffer.byteLength(walk.rootName));
  return printablePath(Buffer.concat([walk.rootPath, below, child.name]));
}

/** A root that was removed or swapped while it was read leaves an archive of something that is no longer there. */
async function requireSameRoot(
  root: OpenDirectory,
  rootPath: Buffer,
  shownRoot: string,
): Promise<void> {
  let now;
  try {
    now = await stat(rootPath, { bigint: true });
  } catch (error) {
    throw fileSystemFault(error, "look again at", shownRoot);
  }
  if (now.ino !== root.stats.ino || now.dev !== root.stats.dev) {
    throw new Fault("away", `pack ${shownRoot}: another directory took its place meanwhile`);
  }
}
