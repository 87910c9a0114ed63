// Makes links, and gives directories what they must have last: nothing follows a symlink, because every directory on the way is opened by
// its own name, and nothing is made in a directory after its time was set.
import { lchownSync, linkSync, lutimesSync, readlinkSync, symlinkSync } from "node:fs";
import { Fault } from "@manman/core/fault.ts";
import type { EntryAttributes } from "../tar/archive-entry.ts";
import { fileSystemFault, systemErrorCode } from "../file-system-fault.ts";
import { DirectoryChain, pathIn, shownPath, splitPath } from "./directory-chain.ts";
import type { TimeSetter } from "./exact-times.ts";
import type { ExtractReport } from "./extract-report.ts";
import { setOwnerAndMode, setTime } from "./file-attributes.ts";
import { leadsOut } from "./outward-links.ts";
import { removeFile } from "./write-segment.ts";

export type FinishOptions = {
  /** Whether symlinks that lead out of the tree are made as they are, or refused. Nothing is ever written through them. */
  readonly outwardLinks: "keep" | "refuse";
  readonly owners: boolean;
  /** Whether what an earlier run left in a link's place is replaced. */
  readonly replace: boolean;
};

export type LinkEntry = EntryAttributes & { readonly path: Buffer; readonly target: Buffer };
export type DirectoryEntry = EntryAttributes & { readonly path: Buffer };

export class TreeFinisher {
  readonly #chain: DirectoryChain;
  /** Where hard links lead: apart, so that both ends are open at once. */
  readonly #targets: DirectoryChain;
  readonly #options: FinishOptions;
  readonly #times: TimeSetter | undefined;
  readonly #report: ExtractReport;

  constructor(
    targetFd: number,
    options: FinishOptions,
    times: TimeSetter | undefined,
    report: ExtractReport,
  ) {
    this.#chain = new DirectoryChain(targetFd);
    this.#targets = new DirectoryChain(targetFd);
    this.#options = options;
    this.#times = times;
    this.#report = report;
  }

  close(): void {
    this.#chain.close();
    this.#targets.close();
  }

  /** Makes symlinks with their owners and times. Fails with a Fault: `corrupt` for one whose place is taken, or that leads out. */
  async makeSymlinks(links: readonly LinkEntry[]): Promise<void> {
    for (const link of links) {
      const latin1Path = link.path.toString("latin1");
      if (this.#options.outwardLinks === "refuse" && leadsOut(latin1Path, link.target)) {
        throw new Fault(
          "corrupt",
          `extract ${shownPath(latin1Path)}: the symlink leads out of the tree`,
        );
      }
      const path = this.#place(latin1Path, (existing) =>
        readlinkSync(existing, { encoding: "buffer" }).equals(link.target),
      );
      if (path !== undefined)
        this.#makeLink(latin1Path, () => {
          symlinkSync(link.target, path);
        });
      this.#ownSymlink(latin1Path, link);
      this.#report.symlinks += 1;
    }
    await this.#setTimes(links);
  }

  /**
   * Makes a hard link to a file or symlink of the tree. Returns false when there is nothing of the target's name. Fails with a Fault
   * `corrupt` when its place is taken, or the target is a directory.
   */
  makeHardLink({ path: linkPath, target }: LinkEntry): boolean {
    const latin1Path = linkPath.toString("latin1");
    const targetPath = this.#existing(target.toString("latin1"));
    if (targetPath === undefined) return false;
    const path = this.#place(latin1Path, () => false);
    if (path === undefined) return true;
    try {
      linkSync(targetPath, path);
    } catch (error) {
      const code = systemErrorCode(error);
      if (code === "ENOENT") return false;
      if (code === "EPERM") {
        throw new Fault(
          "corrupt",
          `extract ${shownPath(latin1Path)}: a hard link to what is no file`,
        );
      }
      throw takenOrFault(error, latin1Path);
    }
    this.#report.hardlinks += 1;
    return true;
  }

  /**
   * Gives directories their owners, modes and times. Children come before the directories that they are in, here and from call to call.
   * Those that are missing are made where `make` says so, and left out where not.
   */
  async finishDirectories(
    directories: readonly DirectoryEntry[],
    make: (directory: DirectoryEntry) => boolean,
  ): Promise<void> {
    const present = directories.filter((directory) => this.#openOne(directory, make));
    await this.#setTimes(present);
    for (const { path, ...attributes } of present) {
      const latin1Path = path.toString("latin1");
      const fd = this.#chain.open(latin1Path, "tell");
      if (fd === undefined) continue;
      try {
        if (this.#times === undefined) setTime(fd, Number(attributes.mtimeNs) / 1e9);
        if (!setOwnerAndMode(fd, attributes, this.#options.owners)) this.#report.ownersKept += 1;
      } catch (error) {
        throw fileSystemFault(error, "set the attributes of", shownPath(latin1Path));
      }
      this.#report.directories += 1;
    }
  }

  #openOne(directory: DirectoryEntry, make: (directory: DirectoryEntry) => boolean): boolean {
    const latin1Path = directory.path.toString("latin1");
    if (make(directory)) {
      this.#chain.open(latin1Path, "make");
      return true;
    }
    return this.#chain.open(latin1Path, "tell") !== undefined;
  }

  /** Where a link goes; undefined when an earlier run made the very same one. */
  #place(latin1Path: string, isSame: (existing: Buffer) => boolean): Buffer | undefined {
    const { directory, name } = splitPath(latin1Path);
    const path = pathIn(this.#chain.open(directory, "make"), name);
    if (!this.#options.replace) return path;
    try {
      if (isSame(path)) return undefined;
    } catch {
      // Nothing there, or something else: it is replaced.
    }
    removeFile(path, latin1Path);
    return path;
  }

  /** Where the target of a hard link is. */
  #existing(latin1Target: string): Buffer | undefined {
    const { directory, name } = splitPath(latin1Target);
    const fd = this.#targets.open(directory, "tell");
    return fd === undefined ? undefined : pathIn(fd, name);
  }

  #makeLink(latin1Path: string, make: () => void): void {
    try {
      make();
    } catch (error) {
      throw takenOrFault(error, latin1Path);
    }
  }

  #ownSymlink(latin1Path: string, { uid, gid, mtimeNs }: LinkEntry): void {
    const { directory, name } = splitPath(latin1Path);
    const path = pathIn(this.#chain.open(directory, "make"), name);
    try {
      if (this.#options.owners) lchownSync(path, uid, gid);
    } catch (error) {
      if (systemErrorCode(error) !== "EPERM" && systemErrorCode(error) !== "EINVAL") {
        throw fileSystemFault(error, "set the owner of", shownPath(latin1Path));
      }
      this.#report.ownersKept += 1;
    }
    if (this.#times === undefined) lutimesSync(path, Number(mtimeNs) / 1e9, Number(mtimeNs) / 1e9);
  }

  async #setTimes(entries: readonly DirectoryEntry[]): Promise<void> {
    if (this.#times === undefined || entries.length === 0) return;
    this.#report.timesMissed += await this.#times.set(
      entries.map(({ path, mtimeNs }) => ({ latin1Path: plainPath(path), mtimeNs })),
    );
  }
}

function plainPath(path: Buffer): string {
  const latin1Path = path.toString("latin1");
  return latin1Path.endsWith("/") ? latin1Path.slice(0, -1) : latin1Path;
}

function takenOrFault(error: unknown, latin1Path: string): unknown {
  if (systemErrorCode(error) !== "EEXIST") {
    return fileSystemFault(error, "make", shownPath(latin1Path));
  }
  return new Fault("corrupt", `extract ${shownPath(latin1Path)}: the archive has that path twice`);
}
