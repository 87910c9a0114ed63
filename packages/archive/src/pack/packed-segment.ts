// What a pack hands on: the archive's segments in order, each with the entries that are complete with it. Whoever writes the manifest,
// sends the bytes or compares with an earlier archive works on these.
import type { EntryStatus } from "../scan/entry-status.ts";

export type PackedSegment = {
  /** From 0. */
  readonly number: number;
  readonly kind: "root" | "group" | "file-header" | "chunk" | "directories";
  /** Valid until the next segment is asked for. */
  readonly stored: Buffer;
  readonly rawBytes: number;
  /** 32 bytes. */
  readonly storedSha256: Buffer;
  /** Of a chunk: its data without padding, and the SHA-256 of that. */
  readonly chunk?: { readonly dataBytes: number; readonly dataSha256: Buffer };
  /** Headers that stand in it. */
  readonly headerCount: number;
  /** Entries that are complete with this segment, in the order of the archive: a large file comes with its last chunk. */
  readonly entries: readonly PackedEntry[];
};

/** An entry as it stands in the archive. Paths and targets are one character a byte; a directory's path ends in a slash. */
export type PackedEntry = {
  readonly kind: "directory" | "file" | "symlink" | "hardlink";
  readonly latin1Path: string;
  /** Whether it is a regular file, or another name of one. */
  readonly isRegular: boolean;
  readonly status: EntryStatus;
  /** A symlink's text, or the archive path of the entry that a hard link leads to. */
  readonly latin1Target?: string;
  /** The number of the segment that its header stands in. */
  readonly headerSegment: number;
  /** Of a file. */
  readonly content?: PackedContent;
};

export type PackedContent = {
  /**
   * 32 bytes: up to `smallFileBytesMax` the SHA-256 of the data, above it the SHA-256 over the SHA-256 of each chunk's data (padding not
   * included), one after the other.
   */
  readonly sha256: Buffer;
  /** Where the data begins, `status.sizeBytes` of it; a large file's goes on at the beginning of each next segment. Undefined for an empty file. */
  readonly start: { readonly segment: number; readonly rawOffset: number } | undefined;
  /** Whether it changed while it was read. */
  readonly hasChanged: boolean;
};
