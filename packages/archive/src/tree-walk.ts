// Walks a directory tree in the order of an archive: the root, then everything that is no directory in byte order of paths, then the
// other directories, each after those inside it. Nothing is put into a directory after its own header, so that whatever tool extracts,
// nothing moves the directory's time or finds it read-only.
import { stat } from "node:fs/promises";
import { Fault } from "@manman/core/fault.ts";
import type { EntryAttributes } from "./archive-entry.ts";
import { captureFile } from "./capture-file.ts";
import { captureSymlink } from "./capture-symlink.ts";
import { leftOut, type Capture } from "./capture.ts";
import { fileSystemFault } from "./file-system-fault.ts";
import type { ListedName } from "./open-directory.ts";
import { printablePath } from "./printable-path.ts";
import { openLevel, openRootLevel, WalkLevel } from "./walk-level.ts";

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
  const root = await openRootLevel(walk.rootPath, walk.rootName);
  const levels = [root];
  const directories: VisitedDirectory[] = [];
  try {
    if (root.isEmpty && walk.emptyRoot === "refuse") throw emptyRootFault(walk);
    yield directoryStep(visited(root));
    for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
      walk.signal.throwIfAborted();
      const child = level.nextName();
      if (child === undefined) {
        levels.pop();
        await level.close();
      } else if (child.kind === "directory") {
        const entered = await openLevel(level.locate(child));
        if (entered instanceof WalkLevel) {
          levels.push(entered);
          directories.push(visited(entered));
        } else {
          yield { capture: Promise.resolve(entered) };
        }
      } else {
        const capture = captureIn(level, child);
        level.holdFor(capture);
        yield { capture };
      }
    }
  } finally {
    for (const level of levels) await level.close();
  }
  await requireSameRoot(root, walk);
  for (const directory of directories.toReversed()) yield directoryStep(directory);
}

async function captureIn(level: WalkLevel, child: ListedName): Promise<Capture> {
  const located = level.locate(child);
  if (child.kind === "file") return await captureFile(located);
  if (child.kind === "symlink") return await captureSymlink(located);
  return leftOut(located.path, "skipped", `is a ${child.kind}`);
}

/**
 * What is remembered of a directory until the end. The path is one character a byte: a small Buffer would keep the whole slab
 * that it was cut from.
 */
type VisitedDirectory = { latin1Path: string; attributes: EntryAttributes };

function visited({ path, attributes }: WalkLevel): VisitedDirectory {
  return { latin1Path: path.toString("latin1"), attributes };
}

function directoryStep({ latin1Path, attributes }: VisitedDirectory): WalkStep {
  const path = Buffer.from(latin1Path, "latin1");
  return { capture: Promise.resolve({ kind: "directory", path, attributes }) };
}

/** A root that was removed or swapped while it was read leaves an archive of something that is no longer there. */
async function requireSameRoot(root: WalkLevel, { rootPath }: Walk): Promise<void> {
  const shownRoot = printablePath(rootPath);
  const now = await stat(rootPath, { bigint: true }).catch((error: unknown) => {
    throw fileSystemFault(error, "look again at", shownRoot);
  });
  if (!root.is(now)) {
    throw new Fault("away", `pack ${shownRoot}: another directory took its place meanwhile`);
  }
}

function emptyRootFault({ rootPath }: Walk): Fault {
  return new Fault("missing", `pack ${printablePath(rootPath)}: it is empty; is its disk mounted?`);
}
