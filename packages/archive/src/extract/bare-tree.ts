// Makes the entries of a tar stream on disk as they come by: directories and files at once, links and attributes of directories when
// everything else is there.
import { closeSync, unlinkSync } from "node:fs";
import { Fault } from "@manman/core/fault.ts";
import { pathFlaw } from "../archive-path.ts";
import { fileSystemFault } from "../file-system-fault.ts";
import { printablePath } from "../printable-path.ts";
import type { TarEntry, TarHandler } from "../tar-reader/tar-reader.ts";
import { DirectoryChain, pathIn, shownPath, splitPath } from "./directory-chain.ts";
import type { TimedPath, TimeSetter } from "./exact-times.ts";
import type { ExtractReport } from "./extract-report.ts";
import { setOwnerAndMode, setTime } from "./file-attributes.ts";
import type { PathSelection } from "./path-selection.ts";
import type { DirectoryEntry, LinkEntry, TreeFinisher } from "./tree-finisher.ts";
import { createFile } from "./write-segment.ts";
import { setLength, writeSparsely } from "./write-sparsely.ts";

export type BareLimits = {
  /** Data of all files together: what there is room for. */
  readonly bytesMax: number;
  /** Each takes some 300 bytes of memory when it is a link or a directory. */
  readonly entriesMax: number;
};

type OpenFile = { entry: TarEntry; latin1Path: string; fd: number; written: number };

const batchMax = 1000;

export class BareTree implements TarHandler {
  /** The last entry that came, as it stands in the archive. */
  lastPath: Buffer | undefined;
  readonly #chain: DirectoryChain;
  readonly #owners: boolean;
  readonly #times: TimeSetter | undefined;
  readonly #selection: PathSelection;
  readonly #limits: BareLimits;
  readonly #report: ExtractReport;
  readonly #directories = new Map<string, DirectoryEntry>();
  readonly #symlinks: LinkEntry[] = [];
  readonly #hardlinks: LinkEntry[] = [];
  #timed: TimedPath[] = [];
  #file: OpenFile | undefined;
  #entries = 0;
  #bytes = 0;

  constructor(
    targetFd: number,
    settings: {
      owners: boolean;
      times: TimeSetter | undefined;
      selection: PathSelection;
      limits: BareLimits;
    },
    report: ExtractReport,
  ) {
    this.#chain = new DirectoryChain(targetFd);
    this.#owners = settings.owners;
    this.#times = settings.times;
    this.#selection = settings.selection;
    this.#limits = settings.limits;
    this.#report = report;
  }

  onEntry(entry: TarEntry): void {
    this.lastPath = entry.path;
    this.#countEntry(entry);
    const path = plainPath(entry.path, entry.kind === "directory");
    if (path === undefined || !this.#selection.has(path)) return;
    const latin1Path = path.toString("latin1");
    requirePath(latin1Path, entry.kind === "directory");
    if (entry.kind === "file") {
      this.#file = { entry, latin1Path, fd: this.#create(latin1Path), written: 0 };
    } else if (entry.kind === "directory") {
      if (this.#directories.has(latin1Path)) throw twice(latin1Path);
      this.#directories.set(latin1Path, { ...entry, path });
      this.#chain.open(latin1Path, "make");
    } else {
      this.#addLink({ ...entry, path }, entry.kind);
    }
  }

  onData(bytes: Buffer): void {
    const file = this.#file;
    if (file === undefined) return;
    try {
      writeSparsely(file.fd, bytes, file.written);
    } catch (error) {
      throw fileSystemFault(error, "write", shownPath(file.latin1Path));
    }
    file.written += bytes.length;
  }

  onEntryEnd(): void {
    const file = this.#file;
    if (file === undefined) return;
    this.#file = undefined;
    const { entry, fd, latin1Path } = file;
    try {
      setLength(fd, entry.sizeBytes);
      if (!setOwnerAndMode(fd, entry, this.#owners)) this.#report.ownersKept += 1;
      if (this.#times === undefined) setTime(fd, Number(entry.mtimeNs) / 1e9);
    } catch (error) {
      throw fileSystemFault(error, "write", shownPath(latin1Path));
    } finally {
      closeSync(fd);
    }
    this.#report.files += 1;
    this.#report.bytes += entry.sizeBytes;
    this.#timed.push({ latin1Path, mtimeNs: entry.mtimeNs });
  }

  /** Takes away the file that is being written, part of which is lost. Returns its path, if there is one. */
  giveUpFile(): Buffer | undefined {
    const file = this.#file;
    if (file === undefined) return undefined;
    this.#file = undefined;
    closeSync(file.fd);
    const { directory, name } = splitPath(file.latin1Path);
    try {
      unlinkSync(pathIn(this.#chain.open(directory, "make"), name));
    } catch (error) {
      throw fileSystemFault(error, "remove", shownPath(file.latin1Path));
    }
    return file.entry.path;
  }

  /** Sets the times of the files made since the last call. */
  async settle(): Promise<void> {
    const timed = this.#timed;
    this.#timed = [];
    if (this.#times === undefined || timed.length === 0) return;
    this.#report.timesMissed += await this.#times.set(timed);
  }

  /** Makes the links, and gives the directories what they must have last. Returns hard links whose target is not there. */
  async finish(finisher: TreeFinisher): Promise<LinkEntry[]> {
    await this.settle();
    for (const batch of batches(this.#symlinks)) await finisher.makeSymlinks(batch);
    const lost = this.#hardlinks.filter((link) => !finisher.makeHardLink(link));
    const directories = [...this.#directories.values()].toSorted((a, b) =>
      Buffer.compare(b.path, a.path),
    );
    for (const batch of batches(directories)) await finisher.finishDirectories(batch, () => true);
    return lost;
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file.fd);
    this.#file = undefined;
    this.#chain.close();
  }

  #create(latin1Path: string): number {
    const { directory, name } = splitPath(latin1Path);
    return createFile(pathIn(this.#chain.open(directory, "make"), name), latin1Path);
  }

  #addLink(entry: LinkEntry, kind: "symlink" | "hardlink"): void {
    if (entry.target.length === 0 || entry.target.includes(0)) {
      throw new Fault("corrupt", `extract ${printablePath(entry.path)}: a link without a target`);
    }
    if (kind === "symlink") {
      this.#symlinks.push(entry);
      return;
    }
    const target = plainPath(entry.target, false);
    if (target === undefined)
      throw new Fault("corrupt", `extract ${printablePath(entry.path)}: a hard link to nothing`);
    requirePath(target.toString("latin1"), false);
    this.#hardlinks.push({ ...entry, target });
  }

  #countEntry({ path, sizeBytes }: TarEntry): void {
    this.#entries += 1;
    this.#bytes += sizeBytes;
    if (this.#entries > this.#limits.entriesMax || this.#bytes > this.#limits.bytesMax) {
      const shown = printablePath(path).slice(0, 300);
      throw new Fault("corrupt", `extract ${shown}: with it there is more than may be extracted`);
    }
  }
}

/** Without the `./` that GNU tar puts before names, and with the slash that directories have; undefined for the `./` itself. */
function plainPath(path: Buffer, isDirectory: boolean): Buffer | undefined {
  let text = path.toString("latin1");
  while (text.startsWith("./")) text = text.slice(2);
  if (text === "" || text === ".") return path.length === 0 ? path : undefined;
  return Buffer.from(isDirectory && !text.endsWith("/") ? `${text}/` : text, "latin1");
}

function requirePath(latin1Path: string, isDirectory: boolean): void {
  const flaw = pathFlaw(latin1Path, isDirectory);
  if (flaw !== undefined) throw new Fault("corrupt", `extract ${shownPath(latin1Path)}: ${flaw}`);
}

function twice(latin1Path: string): Fault {
  return new Fault("corrupt", `extract ${shownPath(latin1Path)}: the archive has that path twice`);
}

function* batches<T>(all: readonly T[]): Generator<readonly T[], void, void> {
  for (let at = 0; at < all.length; at += batchMax) yield all.slice(at, at + batchMax);
}
