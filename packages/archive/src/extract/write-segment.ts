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

type TaskSegment = NonNullable<ExtractTask["segment"]>;

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
    const raw = segment === null ? Buffer.alloc(0) : checkedRaw(segment, name);
    const madeBefore = this.#chain.madeCount;
    const damagedFiles: number[] = [];
    let ownersKept = 0;
    for (const [at, file] of files.entries()) {
      const data = raw.subarray(file.rawOffset, file.rawOffset + file.sizeBytes);
      if (!sha256Of(data).equals(file.sha256)) damagedFiles.push(at);
      else if (!this.#writeFile(file, data)) ownersKept += 1;
    }
    const pieceDigests = pieces.map((piece) =>
      segment === null
        ? digestOnDisk(piece)
        : writePiece(piece, checkedPiece(piece, raw, segment, name)),
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

/** What a segment decodes to. What is taken from it has digests of its own, which are compared before any of it is written. */
function checkedRaw(segment: TaskSegment, name: string): Buffer {
  const { codec, rawBytes, storedSha256 } = segment;
  const { buffer, byteOffset, length } = segment.stored;
  const stored = Buffer.from(buffer, byteOffset, length);
  if (!sha256Of(stored).equals(storedSha256)) {
    throw new Fault("corrupt", `read ${name}: its stored bytes have another SHA-256`);
  }
  return decodeSegment(codec, stored, rawBytes, name);
}

type CheckedPiece = { readonly data: Buffer; readonly sha256: Uint8Array };

/** A piece with its digest, which is compared when it is the chunk that the segment was made of. */
function checkedPiece(
  { rawOffset, bytes }: FilePiece,
  raw: Buffer,
  { chunk }: TaskSegment,
  name: string,
): CheckedPiece {
  const data = raw.subarray(rawOffset, rawOffset + bytes);
  const sha256 = sha256Of(data);
  const isChunk = rawOffset === 0 && bytes === chunk?.dataBytes;
  if (isChunk && !sha256.equals(chunk.dataSha256)) {
    throw new Fault("corrupt", `decode ${name}: its data has another SHA-256`);
  }
  return { data, sha256 };
}

function writePiece(piece: FilePiece, { data, sha256 }: CheckedPiece): Uint8Array {
  try {
    writeSparsely(piece.fd, data, piece.fileOffset);
  } catch (error) {
    throw fileSystemFault(error, "write", shownPath(piece.latin1Path));
  }
  return sha256;
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
