// Scans a directory tree in the order of an archive: the root, then everything that is no directory in byte order of paths, then the
// other directories, each after those inside it. Nothing is put into a directory after its own header, so that whatever tool extracts,
// nothing moves the directory's time or finds it read-only.
import { closeSync, lstatSync, openSync, statSync, type BigIntStats } from "node:fs";
import { Fault } from "@manman/core/fault.ts";
import { fileSystemFault } from "../file-system-fault.ts";
import { printablePath } from "../printable-path.ts";
import { entryStatus, linkedInode, type EntryStatus } from "./entry-status.ts";
import type { Exclusion } from "./exclusion.ts";
import { HardLinks } from "./hard-links.ts";
import { leftOutOrFault, replaced, type LeftOut } from "./left-out.ts";
import { pathWithin, type ListedName } from "./open-directory.ts";
import { openLevel, openRootLevel, ScanLevel } from "./scan-level.ts";

export type Scan = {
  readonly rootPath: Buffer;
  /** What the root is called in the archive, without a slash. */
  readonly rootName: string;
  /** Whether a root with nothing in it is a tree like any other, or the sign of a disk that is not mounted. */
  readonly emptyRoot: "refuse" | "allow";
};

/** What a scan found, in the order of the archive. Paths are those of the archive, one character a byte; a directory's ends in a slash. */
export type ScanStep =
  | { readonly kind: "directory"; readonly latin1Path: string; readonly status: EntryStatus }
  | ScannedEntry
  | { readonly kind: "left-out"; readonly latin1Path: string; readonly leftOut: LeftOut }
  | { readonly kind: "excluded" };

/** Something that is no directory, as it was when it was looked at. */
export type ScannedEntry = {
  readonly kind: "file" | "symlink" | "hardlink";
  readonly latin1Path: string;
  readonly status: EntryStatus;
  /** What a hard link leads to: the archive path of an entry before it. */
  readonly latin1Target?: string;
  /** Whether it is the first of several names of its inode. */
  readonly isLinkedTo: boolean;
  readonly isSymlink: boolean;
};

/**
 * A tree that is being scanned. Bounds: one open descriptor for each level of depth, the names of the directories on the way down,
 * and for each directory of the whole tree its path and about 300 bytes.
 */
export class TreeScan {
  readonly #scan: Scan;
  readonly #root: ScanLevel;
  readonly #levels: ScanLevel[];
  readonly #rootFd: number;
  readonly #links = new HardLinks();
  readonly #latin1Root: string;

  /** Opens the root. Throws a Fault where it cannot be read, or is empty and should not be. */
  constructor(scan: Scan) {
    this.#scan = scan;
    this.#latin1Root = `${Buffer.from(scan.rootName).toString("latin1")}/`;
    this.#root = openRootLevel(scan.rootPath, this.#latin1Root);
    this.#levels = [this.#root];
    try {
      if (this.#root.isEmpty && scan.emptyRoot === "refuse") throw emptyRootFault(scan);
      // The levels are closed as the scan leaves them; the root is needed for as long as entries are read.
      this.#rootFd = openSync(`/proc/self/fd/${this.#root.fd}`, "r");
    } catch (error) {
      this.#root.close();
      throw error;
    }
  }

  /** The open root, through which entries are reached until `close`. */
  get rootFd(): number {
    return this.#rootFd;
  }

  /** Goes through the tree, once. Throws a Fault for whatever cannot be looked at; gone or replaced entries are left out. */
  *steps(exclusion: Exclusion): Generator<ScanStep, void, void> {
    const directories: ScanStep[] = [];
    yield directoryStep(this.#root);
    for (let level = this.#levels.at(-1); level !== undefined; level = this.#levels.at(-1)) {
      const child = level.nextName();
      if (child === undefined) {
        this.#levels.pop();
        level.close();
      } else if (exclusion.excludes(this.#belowRoot(level, child))) {
        yield { kind: "excluded" };
      } else if (child.kind === "directory") {
        const entered = openLevel(level, child, () => this.#shown(level, child));
        if (entered instanceof ScanLevel) {
          this.#levels.push(entered);
          directories.push(directoryStep(entered));
        } else {
          yield leftOutStep(level, child, entered);
        }
      } else {
        yield this.#look(level, child);
      }
    }
    for (const directory of directories.toReversed()) yield directory;
  }

  /** Throws a Fault where the root was removed or swapped: the archive would be of something that is no longer there. */
  requireSameRoot(): void {
    const shownRoot = printablePath(this.#scan.rootPath);
    let now: BigIntStats;
    try {
      now = statSync(this.#scan.rootPath, { bigint: true });
    } catch (error) {
      throw fileSystemFault(error, "look again at", shownRoot);
    }
    if (now.ino !== this.#root.status.ino || now.dev !== this.#root.status.dev) {
      throw new Fault("away", `pack ${shownRoot}: another directory took its place meanwhile`);
    }
  }

  /** Closes everything; may be called at any time, once. */
  close(): void {
    for (const level of this.#levels.splice(0)) level.close();
    closeSync(this.#rootFd);
  }

  #look(level: ScanLevel, child: ListedName): ScanStep {
    if (child.kind !== "file" && child.kind !== "symlink") {
      return leftOutStep(level, child, { reason: "skipped", detail: `is a ${child.kind}` });
    }
    let stats: BigIntStats;
    try {
      stats = lstatSync(pathWithin(level.fd, child.latin1Name), { bigint: true });
    } catch (error) {
      const leftOut = leftOutOrFault(error, () => this.#shown(level, child), []);
      return leftOutStep(level, child, leftOut);
    }
    const isSymlink = stats.isSymbolicLink();
    if (!isSymlink && !stats.isFile()) return leftOutStep(level, child, replaced);
    return this.#entry(level.latin1Path + child.latin1Name, stats, isSymlink);
  }

  #entry(latin1Path: string, stats: BigIntStats, isSymlink: boolean): ScannedEntry {
    const status = entryStatus(stats);
    const inode = linkedInode(stats);
    const latin1Target = inode && this.#links.firstPath(inode, latin1Path);
    if (latin1Target !== undefined) {
      return { kind: "hardlink", latin1Path, status, isSymlink, isLinkedTo: false, latin1Target };
    }
    const isLinkedTo = inode !== undefined;
    return { kind: isSymlink ? "symlink" : "file", latin1Path, status, isSymlink, isLinkedTo };
  }

  /** The path below the root, as exclusion patterns see it. */
  #belowRoot(level: ScanLevel, { latin1Name }: ListedName): string {
    return (level.latin1Path + latin1Name).slice(this.#latin1Root.length);
  }

  #shown(level: ScanLevel, { latin1Name, kind }: ListedName): string {
    const below = level.latin1Path.slice(this.#latin1Root.length) + latin1Name;
    const name = Buffer.from(kind === "directory" ? below.slice(0, -1) : below, "latin1");
    return `${printablePath(this.#scan.rootPath)}/${printablePath(name)}`;
  }
}

function directoryStep({ latin1Path, status }: ScanLevel): ScanStep {
  return { kind: "directory", latin1Path, status };
}

function leftOutStep(level: ScanLevel, child: ListedName, leftOut: LeftOut): ScanStep {
  return { kind: "left-out", latin1Path: level.latin1Path + child.latin1Name, leftOut };
}

function emptyRootFault({ rootPath }: Scan): Fault {
  return new Fault("missing", `pack ${printablePath(rootPath)}: it is empty; is its disk mounted?`);
}
