// Decides what a backup leaves out: patterns in the syntax of .gitignore, those of the backup's own policy first and after them those of
// a .backupignore file in the root of what is backed up, which may take names in again.
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { Fault } from "@manman/core/fault.ts";
import ignore, { type Ignore } from "ignore";
import { fileSystemFault, systemErrorCode } from "../file-system-fault.ts";
import { printablePath } from "../printable-path.ts";
import { pathWithin } from "./open-directory.ts";

export const ignoreFileName = ".backupignore";
const ignoreFileBytesMax = 1024 * 1024;

/** The library remembers every path that it was asked about; so often it is made anew. */
const askedMax = 10_000;

export class Exclusion {
  readonly #patterns: readonly string[];
  #matcher: Ignore;
  #asked = 0;

  /** `patterns`: lines of a .gitignore; a later one overrules those before it. Case counts. */
  constructor(patterns: readonly string[]) {
    this.#patterns = patterns;
    this.#matcher = matcherOf(patterns);
  }

  /** `latin1Path`: below the root, a directory's with its slash. What lies in an excluded directory is not asked for. */
  excludes(latin1Path: string): boolean {
    if (this.#patterns.length === 0) return false;
    this.#asked += 1;
    if (this.#asked % askedMax === 0) this.#matcher = matcherOf(this.#patterns);
    return this.#matcher.ignores(printablePath(Buffer.from(latin1Path, "latin1")));
  }
}

/** The lines of the root's .backupignore; none where it has no such file. Throws a Fault where it cannot be read. */
export function readIgnoreFile(rootFd: number, shownRoot: string): string[] {
  const shownPath = `${shownRoot}/${ignoreFileName}`;
  try {
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const fd = openSync(pathWithin(rootFd, ignoreFileName), flags);
    try {
      const stats = fstatSync(fd);
      if (!stats.isFile()) return [];
      if (stats.size > ignoreFileBytesMax) {
        throw new Fault("rejected", `${shownPath} is larger than ${ignoreFileBytesMax} bytes`);
      }
      const text = Buffer.alloc(ignoreFileBytesMax);
      return text.toString("utf8", 0, readSync(fd, text, 0, text.length, 0)).split(/\r?\n/);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (["ENOENT", "ELOOP"].includes(systemErrorCode(error) ?? "")) return [];
    throw fileSystemFault(error, "read", shownPath);
  }
}

function matcherOf(patterns: readonly string[]): Ignore {
  return ignore({ ignoreCase: false }).add(patterns);
}
