// Reaches directories of the tree that is being made, one name at a time through open descriptors, so that no symlink is ever
// followed and no path grows too long for the kernel, whatever an archive says.
import { closeSync, constants, mkdirSync, openSync } from "node:fs";
import { Fault } from "@manman/core/fault.ts";
import { fileSystemFault, systemErrorCode } from "../file-system-fault.ts";
import { printablePath } from "../printable-path.ts";

const openFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** The caller's umask is taken off; the entry of the directory says its mode in the end. */
const newMode = 0o777;
/** Levels kept open. Whoever goes up beyond them comes down from the root again. */
const openLevelsMax = 32;

type Level = { readonly name: string; fd: number | undefined };

/** Calls are synchronous and come one at a time; each thread has a chain of its own. Fails with Faults. */
export class DirectoryChain {
  /** Directories made so far. */
  madeCount = 0;
  readonly #rootFd: number;
  readonly #levels: Level[] = [];

  /** `rootFd`: the open target, which stays open and is not closed here. */
  constructor(rootFd: number) {
    this.#rootFd = rootFd;
  }

  /**
   * The descriptor of a directory, good until the next call. `latin1Path` is its path below the target, one character a byte, with or
   * without a slash at its end; the target itself is "". What is missing is made, or undefined is returned, as `missing` says.
   */
  open(latin1Path: string, missing: "make"): number;
  open(latin1Path: string, missing: "tell"): number | undefined;
  open(latin1Path: string, missing: "make" | "tell"): number | undefined {
    const names = namesOf(latin1Path);
    this.#goUp(names);
    for (let depth = this.#levels.length; depth < names.length; depth += 1) {
      const name = names[depth] as string;
      const fd = this.#enter(this.#fdAbove(depth), name, missing, latin1Path);
      if (fd === undefined) return undefined;
      this.#levels.push({ name, fd });
      this.#closeLevel(this.#levels.length - 1 - openLevelsMax);
    }
    return this.#fdAbove(names.length);
  }

  close(): void {
    for (const depth of this.#levels.keys()) this.#closeLevel(depth);
    this.#levels.length = 0;
  }

  /** Leaves what is not on the way; all of it, when the place to go on from is no longer open. */
  #goUp(names: readonly string[]): void {
    let common = 0;
    while (common < this.#levels.length && this.#levels[common]?.name === names[common])
      common += 1;
    if (common > 0 && this.#levels[common - 1]?.fd === undefined) common = 0;
    for (let depth = common; depth < this.#levels.length; depth += 1) this.#closeLevel(depth);
    this.#levels.length = common;
  }

  #enter(
    parentFd: number,
    name: string,
    missing: "make" | "tell",
    latin1Path: string,
  ): number | undefined {
    const path = pathIn(parentFd, name);
    try {
      return openSync(path, openFlags);
    } catch (error) {
      if (systemErrorCode(error) !== "ENOENT") throw enterFault(error, latin1Path);
    }
    if (missing === "tell") return undefined;
    try {
      mkdirSync(path, newMode);
      this.madeCount += 1;
    } catch (error) {
      // Another thread may have made it meanwhile.
      if (systemErrorCode(error) !== "EEXIST") throw enterFault(error, latin1Path);
    }
    try {
      return openSync(path, openFlags);
    } catch (error) {
      throw enterFault(error, latin1Path);
    }
  }

  #fdAbove(depth: number): number {
    return depth === 0 ? this.#rootFd : (this.#levels[depth - 1]?.fd as number);
  }

  #closeLevel(depth: number): void {
    const level = this.#levels[depth];
    if (level?.fd === undefined) return;
    closeSync(level.fd);
    level.fd = undefined;
  }
}

/** Where an entry of an open directory is reached. */
export function pathIn(directoryFd: number, latin1Name: string): Buffer {
  return Buffer.from(`/proc/self/fd/${directoryFd}/${latin1Name}`, "latin1");
}

/** Splits a path into the directory that it lies in and its name. A slash at its end is left out. */
export function splitPath(latin1Path: string): { directory: string; name: string } {
  const plain = latin1Path.endsWith("/") ? latin1Path.slice(0, -1) : latin1Path;
  const slash = plain.lastIndexOf("/");
  return { directory: plain.slice(0, slash + 1), name: plain.slice(slash + 1) };
}

/** A path of one character a byte as people know it. */
export function shownPath(latin1Path: string): string {
  return printablePath(Buffer.from(latin1Path, "latin1")).slice(0, 300);
}

function namesOf(latin1Path: string): string[] {
  const plain = latin1Path.endsWith("/") ? latin1Path.slice(0, -1) : latin1Path;
  return plain === "" ? [] : plain.split("/");
}

/** A file or a symlink where an archive has a directory is the archive's contradiction, not the disk's. */
function enterFault(error: unknown, latin1Path: string): unknown {
  const code = systemErrorCode(error);
  const path = shownPath(latin1Path);
  if (code === "ENOTDIR" || code === "ELOOP") {
    return new Fault("corrupt", `extract into ${path}: a part of that path is no directory`);
  }
  return fileSystemFault(error, "make the directory", path);
}
