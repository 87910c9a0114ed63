// What goes to an extraction's worker thread and comes back: one segment with everything that is to be written from it.
import type { FaultKind } from "@manman/core/fault.ts";
import type { ArchiveCodec } from "../manifest/manifest-records.ts";

/** What a worker is started with. Descriptors are the process's, so that threads share them. */
export type WorkerSetting = {
  readonly targetFd: number;
  /** Whether files get their owners; else they belong to whoever extracts. */
  readonly owners: boolean;
  /** Whether the worker sets times itself, as exactly as it can. */
  readonly times: boolean;
  /** Whether what an earlier run left in a file's place is replaced. */
  readonly replace: boolean;
};

/** A file that is made whole from the segment. */
export type WholeFile = {
  /** Below the target, one character a byte. */
  readonly latin1Path: string;
  readonly rawOffset: number;
  readonly sizeBytes: number;
  readonly sha256: Uint8Array;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeSeconds: number;
};

/** A piece of a large file that is open already. */
export type FilePiece = {
  readonly fd: number;
  readonly latin1Path: string;
  readonly fileOffset: number;
  readonly rawOffset: number;
  readonly bytes: number;
};

export type ExtractTask = {
  readonly id: number;
  /** For people: `segment 5`. */
  readonly name: string;
  /** Null when nothing is stored: the files are empty, or the pieces stand on disk already and are only digested. */
  readonly segment: {
    readonly codec: ArchiveCodec;
    readonly stored: Uint8Array;
    readonly storedSha256: Uint8Array;
    readonly rawBytes: number;
    readonly chunk: { readonly dataBytes: number; readonly dataSha256: Uint8Array } | null;
  } | null;
  readonly files: readonly WholeFile[];
  readonly pieces: readonly FilePiece[];
};

export type TaskDone = {
  readonly id: number;
  readonly ok: true;
  /** Places in `files` of those whose digest was another; nothing was made of them. */
  readonly damagedFiles: readonly number[];
  /** SHA-256 of each piece's data. */
  readonly pieceDigests: readonly Uint8Array[];
  /** Directories that were made. */
  readonly directories: number;
  /** Files whose owner the system did not let us set. */
  readonly ownersKept: number;
};

export type TaskFailed = {
  readonly id: number;
  readonly ok: false;
  readonly kind: FaultKind | "defect";
  readonly message: string;
};

export type TaskResult = TaskDone | TaskFailed;
