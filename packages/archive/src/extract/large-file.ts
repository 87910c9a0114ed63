// A file that is written piece by piece by several threads at once: open until the last piece is there, and only then kept.
import { createHash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, unlinkSync } from "node:fs";
import { fileSystemFault, systemErrorCode } from "../file-system-fault.ts";
import type { ManifestEntry } from "../manifest/manifest-records.ts";
import { DirectoryChain, pathIn, shownPath, splitPath } from "./directory-chain.ts";
import { setLength } from "./write-sparsely.ts";
import { setOwnerAndMode, setTime } from "./file-attributes.ts";
import { createFile, removeFile } from "./write-segment.ts";

const digestBytes = 32;
const reopenFlags = constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export type LargeEntry = ManifestEntry & { kind: "file" };

export class LargeFile {
  readonly entry: LargeEntry;
  readonly latin1Path: string;
  readonly fd: number;
  /** Whether an earlier run began it, so that pieces may stand in it already. */
  readonly isReopened: boolean;
  /** Why it cannot be recovered; undefined while it can. */
  damage: { where: string; why: string } | undefined;
  #piecesLeft: number;
  readonly #digests: Buffer;

  /** Makes the file, or opens the one that an earlier run began. Fails with a Fault. */
  constructor(entry: LargeEntry, pieces: number, chain: DirectoryChain, replace: boolean) {
    this.entry = entry;
    this.latin1Path = entry.path.toString("latin1");
    this.#piecesLeft = pieces;
    this.#digests = Buffer.alloc(pieces * digestBytes);
    const { directory, name } = splitPath(this.latin1Path);
    const path = pathIn(chain.open(directory, "make"), name);
    const reopened = replace ? reopen(path) : undefined;
    if (replace && reopened === undefined) removeFile(path, this.latin1Path);
    this.isReopened = reopened !== undefined;
    this.fd = reopened ?? createFile(path, this.latin1Path);
  }

  /** One piece is written, or will never be. Returns whether it was the last one. */
  pieceEnded(number: number, sha256: Uint8Array | undefined): boolean {
    if (sha256 !== undefined) this.#digests.set(sha256, number * digestBytes);
    this.#piecesLeft -= 1;
    return this.#piecesLeft === 0;
  }

  /** Whether what was written is what was packed. */
  get isWhole(): boolean {
    const tree = createHash("sha256").update(this.#digests).digest();
    return this.damage === undefined && tree.equals(this.entry.sha256);
  }

  /** Gives the file its length and attributes. Returns whether it got its owner. Fails with a Fault. */
  keep(owners: boolean, times: boolean): boolean {
    try {
      setLength(this.fd, this.entry.sizeBytes);
      const owned = setOwnerAndMode(this.fd, this.entry, owners);
      if (times) setTime(this.fd, Number(this.entry.mtimeNs) / 1e9);
      return owned;
    } catch (error) {
      throw fileSystemFault(error, "write", shownPath(this.latin1Path));
    }
  }

  close(): void {
    closeSync(this.fd);
  }

  /** Takes away what must not be kept. */
  remove(chain: DirectoryChain): void {
    const { directory, name } = splitPath(this.latin1Path);
    try {
      unlinkSync(pathIn(chain.open(directory, "make"), name));
    } catch (error) {
      throw fileSystemFault(error, "remove", shownPath(this.latin1Path));
    }
  }
}

/** Undefined for anything that is no file of ours to go on with. */
function reopen(path: Buffer): number | undefined {
  let fd: number;
  try {
    fd = openSync(path, reopenFlags);
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return undefined;
  }
  const stats = fstatSync(fd);
  if (stats.isFile() && stats.nlink === 1) return fd;
  closeSync(fd);
  return undefined;
}
