// One directory on the way down a tree: listed, and held open until everything in it was looked at through its descriptor.
import { closeSync } from "node:fs";
import { Fault } from "@manman/core/fault.ts";
import { fileSystemFault, systemErrorCode } from "../file-system-fault.ts";
import { printablePath } from "../printable-path.ts";
import { entryStatus, type EntryStatus } from "./entry-status.ts";
import { leftOutOrFault, type LeftOut } from "./left-out.ts";
import {
  isRemoved,
  listDirectory,
  openDirectory,
  openRoot,
  pathWithin,
  type ListedName,
  type OpenDirectory,
} from "./open-directory.ts";

export class ScanLevel {
  /** In the archive, with its slash. */
  readonly latin1Path: string;
  readonly status: EntryStatus;
  readonly fd: number;
  /** What is still to be visited, the next one last. */
  readonly #namesLeft: ListedName[];

  constructor({ fd, stats }: OpenDirectory, latin1Path: string, names: ListedName[]) {
    this.latin1Path = latin1Path;
    this.status = entryStatus(stats);
    this.fd = fd;
    this.#namesLeft = names.toReversed();
  }

  get isEmpty(): boolean {
    return this.#namesLeft.length === 0;
  }

  /** The next name in the archive's order, or undefined after the last. */
  nextName(): ListedName | undefined {
    return this.#namesLeft.pop();
  }

  close(): void {
    closeSync(this.fd);
  }
}

/** Opens the tree's root, following a symlink there. Throws a Fault. */
export function openRootLevel(rootPath: Buffer, latin1Path: string): ScanLevel {
  const shownPath = (): string => printablePath(rootPath);
  let directory: OpenDirectory;
  try {
    directory = openRoot(rootPath);
  } catch (error) {
    throw fileSystemFault(error, "open", shownPath());
  }
  const level = listedLevel(directory, latin1Path, shownPath);
  if (level === undefined) throw new Fault("missing", `list ${shownPath()}: it was removed`);
  return level;
}

/** Opens a directory in the tree. One that is gone or replaced is left out with all that was in it; other failures are Faults. */
export function openLevel(
  parent: ScanLevel,
  { latin1Name }: ListedName,
  shownPath: () => string,
): ScanLevel | LeftOut {
  let directory: OpenDirectory;
  try {
    directory = openDirectory(pathWithin(parent.fd, latin1Name.slice(0, -1)));
  } catch (error) {
    // ENOTDIR is the answer for a symlink as well, because it is not followed.
    return leftOutOrFault(error, shownPath, ["ENOTDIR"]);
  }
  const level = listedLevel(directory, parent.latin1Path + latin1Name, shownPath);
  return level ?? { reason: "vanished", detail: "was removed before it could be listed" };
}

/**
 * The level of an open directory, or undefined when it has been removed. A missing name inside it must not pass for that,
 * or everything in the directory would be left out.
 */
function listedLevel(
  directory: OpenDirectory,
  latin1Path: string,
  shownPath: () => string,
): ScanLevel | undefined {
  try {
    return new ScanLevel(directory, latin1Path, listDirectory(directory));
  } catch (error) {
    const removed = systemErrorCode(error) === "ENOENT" && isRemoved(directory);
    closeSync(directory.fd);
    if (removed) return undefined;
    throw fileSystemFault(error, "list", shownPath());
  }
}
