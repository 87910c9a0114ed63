// What a worker thread does with one segment: check, decode, check again, and only then write. Nothing is kept of bytes that are not
// the ones that were packed.
import { hash } from "node:crypto";
import { closeSync, constants, openSync, readSync, unlinkSync } from "node:fs";
import { Fault } from "@manman/core/fault.ts";
import { fileSystemFault, systemErrorCode } from "../file-system-fault.ts";
import { decodeSegment } from "./decode-segment.ts";
import { DirectoryChain, pathIn, shownPath, splitPath } from "./directory-chain.ts";
import type { ExtractTask, FilePiece, TaskDone, WholeFile, WorkerSetting } from "./extract-task.ts";
import { setOwnerAndMode, setTime } from "./file-attributes.ts";
import { endsInHole, setLength, writeSparsely } from "./write-sparsely.ts";

const createFlags =
  constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const privateMode = 0o600;

export class SegmentWriter {
  readonly #setting: WorkerSetting;
  readonly #chain: DirectoryChain;

  constructor(setting: WorkerSetting) {
    this.#setting = setting;
    this.#chain = new DirectoryChain(setting.targetFd);
  }

  /** Fails with a Fault: `corrupt` when the segment is not what the manifest says, in which case nothing was written. */
  write({ id, name, segment, files, pieces }: ExtractTask): TaskDone {
    const raw = segment === null ? Buffer.alloc(0) : checkedRaw(segment, name, pieces.length > 0);
    const madeBefore = this.#chain.madeCount;
    const damagedFiles: number[] = [];
    let ownersKept = 0;
    for (const [at, file] of files.entries()) {
      const data = raw.subarray(file.rawOffset, file.rawOffset + file.sizeBytes);
      if (!sha256Of(data).equals(file.sha256)) damagedFiles.push(at);
      else if (!this.#writeFile(file, data)) ownersKept += 1;
    }
    const pieceDigests = pieces.map((piece) =>
      segment === null ? digestOnDisk(piece) : writePiece(piece, raw, segment.rawSha256),
    );
    const directories = this.#chain.madeCount - madeBefore;
    return { id, ok: true, damagedFiles, pieceDigests, directories, ownersKept };
  }

  close(): void {
    this.#chain.close();
  }

  /** Makes a file that is not there yet. Returns whether it got its owner. */
  #writeFile(file: WholeFile, data: Buffer): boolean {
    const { latin1Path } = file;
    const { directory, name } = splitPath(latin1Path);
    const path = pathIn(this.#chain.open(directory, "make"), name);
    const { replace, owners, times } = this.#setting;
    if (replace) removeFile(path, latin1Path);
    const fd = createFile(path, latin1Path);
    try {
      writeSparsely(fd, data, 0);
      if (endsInHole(data)) setLength(fd, data.length);
      const owned = setOwnerAndMode(fd, file, owners);
      if (times) setTime(fd, file.mtimeSeconds);
      return owned;
    } catch (error) {
      throw fileSystemFault(error, "write", shownPath(latin1Path));
    } finally {
      closeSync(fd);
    }
  }
}

/** Makes a file that must not be there yet, for reading by nobody else. Fails with a Fault: `corrupt` when the archive has the name twice. */
export function createFile(path: Buffer, latin1Path: string): number {
  try {
    return openSync(path, createFlags, privateMode);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === "EEXIST" || code === "EISDIR") {
      throw new Fault(
        "corrupt",
        `extract ${shownPath(latin1Path)}: the archive has that path twice`,
      );
    }
    throw fileSystemFault(error, "make", shownPath(latin1Path));
  }
}

/** Removes what an earlier run left there, if anything. */
export function removeFile(path: Buffer, latin1Path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (systemErrorCode(error) !== "ENOENT") {
      throw fileSystemFault(error, "replace", shownPath(latin1Path));
    }
  }
}

/**
 * What a segment decodes to. The digest of all of it is compared where pieces are taken from it; whole files have digests of their own, which
 * are compared before any is made, and hashing everything twice would take longer than decoding it.
 */
function checkedRaw(
  segment: NonNullable<ExtractTask["segment"]>,
  name: string,
  holdsPieces: boolean,
): Buffer {
  const { codec, rawBytes, storedSha256, rawSha256 } = segment;
  const stored = Buffer.from(
    segment.stored.buffer,
    segment.stored.byteOffset,
    segment.stored.length,
  );
  if (!sha256Of(stored).equals(storedSha256)) {
    throw new Fault("corrupt", `read ${name}: its stored bytes have another SHA-256`);
  }
  const raw = decodeSegment(codec, stored, rawBytes, name);
  if (holdsPieces && !sha256Of(raw).equals(rawSha256)) {
    throw new Fault("corrupt", `decode ${name}: its raw bytes have another SHA-256`);
  }
  return raw;
}

/** A chunk that fills its segment has the digest that was just compared. */
function writePiece(piece: FilePiece, raw: Buffer, rawSha256: Uint8Array): Uint8Array {
  const data = raw.subarray(piece.rawOffset, piece.rawOffset + piece.bytes);
  try {
    writeSparsely(piece.fd, data, piece.fileOffset);
  } catch (error) {
    throw fileSystemFault(error, "write", shownPath(piece.latin1Path));
  }
  return data.length === raw.length ? rawSha256 : sha256Of(data);
}

function digestOnDisk({ fd, fileOffset, bytes, latin1Path }: FilePiece): Uint8Array {
  const data = Buffer.allocUnsafeSlow(bytes);
  try {
    for (let filled = 0; filled < bytes;) {
      const read = readSync(fd, data, filled, bytes - filled, fileOffset + filled);
      if (read === 0) return sha256Of(data.subarray(0, filled));
      filled += read;
    }
  } catch (error) {
    throw fileSystemFault(error, "read back", shownPath(latin1Path));
  }
  return sha256Of(data);
}

function sha256Of(data: Buffer): Buffer {
  return hash("sha256", data, "buffer");
}
