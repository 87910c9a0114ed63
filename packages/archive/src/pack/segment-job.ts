// What travels between the thread that packs and those that make segments: columns instead of objects, because thousands of objects
// take longer to copy than the files they stand for take to read.
import type { FaultKind } from "@manman/core/fault.ts";
import type { EntryStatus } from "../scan/entry-status.ts";
import type { LeftOut } from "../scan/left-out.ts";

/** Bytes that are there already: headers. */
export type RawJob = { readonly kind: "raw"; readonly bytes: Uint8Array };

/** A piece of a large file that the packing thread holds open. */
export type ChunkJob = {
  readonly kind: "chunk";
  readonly fd: number;
  readonly offsetBytes: number;
  readonly sizeBytes: number;
  readonly paddingBytes: number;
  /** To name it in a Fault. */
  readonly latin1Path: string;
};

/** Small entries, in order. */
export type GroupJob = {
  readonly kind: "group";
  readonly latin1Paths: readonly string[];
  readonly kinds: readonly ("file" | "symlink" | "hardlink")[];
  /** Targets of hard links by the number of the entry. */
  readonly latin1Targets: ReadonlyMap<number, string>;
  /** `statusColumns` numbers for each entry. */
  readonly statuses: BigInt64Array;
};

export type SegmentJob = RawJob | ChunkJob | GroupJob;

/** What an entry turned out to be, where that is not what the scan said, and for each symlink. */
export type EntryFinding =
  | { readonly at: number; readonly leftOut: LeftOut }
  | {
      readonly at: number;
      readonly kind: "file" | "symlink" | "hardlink";
      readonly status: EntryStatus;
      /** A symlink's text, one character a byte. */
      readonly latin1Target?: string;
      /** How it changed while it was read. */
      readonly changed?: string;
    };

export type GroupOutcome = {
  /** Entries that stand in the segment or were left out; those from here on found no room. */
  readonly settledCount: number;
  /** Whether the first that found no room is no longer small. */
  readonly hasOutgrown: boolean;
  readonly findings: readonly EntryFinding[];
  /** For each settled file, where its data begins in the raw segment. */
  readonly dataOffsets: Uint32Array;
  /** For each settled file, the SHA-256 of its data: 32 bytes each. */
  readonly dataSha256: Uint8Array;
};

export type SegmentDigests = {
  readonly rawBytes: number;
  readonly storedBytes: number;
  /** 32 bytes. */
  readonly storedSha256: Uint8Array;
};

/** A made segment: its stored bytes are the first `storedBytes` of `memory`. */
export type MadeSegment = SegmentDigests & {
  readonly memory: ArrayBuffer;
  /** Of a group. */
  readonly group?: GroupOutcome;
  /** Of a chunk: the SHA-256 of its data without padding. */
  readonly dataSha256?: Uint8Array;
};

/** A job on its way to a worker, with memory for its result. */
export type JobMessage = { readonly job: SegmentJob; readonly memory: ArrayBuffer };

export type JobAnswer =
  | { readonly kind: "made"; readonly segment: MadeSegment }
  | { readonly kind: "fault"; readonly faultKind: FaultKind; readonly message: string };

/** Numbers that a status takes in `statuses`. */
export const statusColumns = 8;

export function putStatus(statuses: BigInt64Array, at: number, status: EntryStatus): void {
  const base = at * statusColumns;
  statuses[base] = BigInt(status.mode);
  statuses[base + 1] = BigInt(status.uid);
  statuses[base + 2] = BigInt(status.gid);
  statuses[base + 3] = BigInt(status.sizeBytes);
  statuses[base + 4] = status.mtimeNs;
  statuses[base + 5] = status.ctimeNs;
  statuses[base + 6] = BigInt.asIntN(64, status.dev);
  statuses[base + 7] = BigInt.asIntN(64, status.ino);
}

export function statusAt(statuses: BigInt64Array, at: number): EntryStatus {
  const base = at * statusColumns;
  return {
    mode: Number(statuses[base]),
    uid: Number(statuses[base + 1]),
    gid: Number(statuses[base + 2]),
    sizeBytes: Number(statuses[base + 3]),
    mtimeNs: statuses[base + 4] as bigint,
    ctimeNs: statuses[base + 5] as bigint,
    dev: BigInt.asUintN(64, statuses[base + 6] as bigint),
    ino: BigInt.asUintN(64, statuses[base + 7] as bigint),
  };
}
