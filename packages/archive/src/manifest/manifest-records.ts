// What a manifest says, record by record: the packer makes these, the reader gives them back. How they stand in the file is manifest-columns.ts.
import type { Codec } from "../codec/codec.ts";
import type { PlanNumbers } from "../plan/plan-numbers.ts";
import type { EntryAttributes } from "../tar/archive-entry.ts";

/** How every segment of an archive is stored. */
export type ArchiveCodec = Codec;
export const archiveCodecs: readonly ArchiveCodec[] = ["gzip", "zstd", "none"];

/** What the first line of a manifest says. It is written before anything is packed; what is known only afterwards is in the totals. */
export type ManifestHeader = {
  readonly codec: ArchiveCodec;
  /** The codec's level; 0 where it has none. */
  readonly level: number;
  readonly numbers: PlanNumbers;
  readonly who: BackupIdentity;
  /** The archive that extents of source `base` lie in; null for one that stands alone. */
  readonly base: BaseReference | null;
};

/** Who and what was backed up: enough to write the backup's record anew. Null means unknown, or none. Times are unix milliseconds. */
export type BackupIdentity = {
  readonly installationId: string | null;
  readonly serverId: bigint | null;
  readonly configId: bigint | null;
  readonly sgcId: bigint | null;
  readonly sessionId: bigint | null;
  readonly backupId: bigint | null;
  readonly kind: "full" | "incremental";
  readonly description: string;
  readonly createdAtMs: number | null;
  readonly startedAtMs: number | null;
};

/** The one archive that an incremental one refers to. */
export type BaseReference = {
  /** Its key in the bucket; always below the same server game config's prefix. */
  readonly key: string;
  readonly etag: string;
  /** The base's root: SHA-256 over the SHA-256 of its stored segments, 32 bytes. */
  readonly root: Buffer;
  readonly backupId: bigint;
};

/**
 * One segment of the archive, in order: the first begins at byte 0, each next one where the one before ends, so that no offset
 * need be said and every byte belongs to exactly one.
 */
export type SegmentRecord = {
  readonly storedBytes: number;
  readonly rawBytes: number;
  /** 32 bytes. */
  readonly storedSha256: Buffer;
  /** What it holds of a large file, from its first raw byte on, when it is a chunk: by this an equal chunk is found in an earlier archive. */
  readonly chunk: ChunkRecord | null;
  /** Entries whose header begins in it; 0 for a chunk. */
  readonly entryCount: number;
  /** Whether its bytes were sent, or copied inside the store from the archive before. */
  readonly origin: "made" | "copied";
  /** When its stored bytes were last known to be whole: made, or read back and compared. Unix milliseconds. */
  readonly verifiedAtMs: number;
};

/** A chunk's data without the padding behind it: at least one byte, and the SHA-256 of it, 32 bytes. */
export type ChunkRecord = { readonly dataBytes: number; readonly dataSha256: Buffer };

/** A segment as a reader gives it back: numbered from 0, with the place that follows from those before it. */
export type PlacedSegment = SegmentRecord & { readonly number: number; readonly offset: number };

/**
 * A piece of a file's data: `bytes` raw bytes from `rawOffset` of segment number `segment` on. A small file has one such piece,
 * within one segment. A large file's may go on through the segments that follow, each from its raw offset 0 and `chunkBytes` of each.
 * Pieces of one source ascend through the whole manifest and never overlap, so that one pass over an archive finds them all.
 */
export type Extent = {
  /** The archive that the manifest belongs to, or the one its header names as base. */
  readonly source: "own" | "base";
  /** Numbered in the manifest of that archive. */
  readonly segment: number;
  readonly rawOffset: number;
  /** At least 1. */
  readonly bytes: number;
};

/** What tells whether a file is still the one that was read. 0 where it is not known, which matches nothing. */
export type FileIdentity = {
  readonly sizeBytes: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly dev: bigint;
  readonly ino: bigint;
};

/** What every entry says of itself. `path` is as it stands in the archive: raw bytes from the root's name on, a directory's ends in a slash. */
type EntryBase = EntryAttributes & {
  readonly path: Buffer;
  readonly ctimeNs: bigint;
  readonly dev: bigint;
  readonly ino: bigint;
  /** The own segment that its header begins in; null when the header stands in the base's archive alone. */
  readonly headerSegment: number | null;
};

/**
 * One entry. The manifest lists the root first, then everything that is no directory in ascending byte order of paths, then the other
 * directories in descending byte order: the order of the archive. A path stands once.
 */
export type ManifestEntry = EntryBase &
  (
    | { readonly kind: "directory" }
    | ({ readonly kind: "file" } & FileContent)
    /** `target` is the link's text in raw bytes. */
    | { readonly kind: "symlink"; readonly target: Buffer }
    /** `target` is the archive path of the entry that carries the data: a file or a symlink further up. */
    | { readonly kind: "hardlink"; readonly target: Buffer }
  );

/** What a file entry says of its data. */
export type FileContent = {
  readonly sizeBytes: number;
  /**
   * 32 bytes. Up to `smallFileBytesMax` the SHA-256 of the data (of no data for an empty file); above it the SHA-256 over the
   * concatenated SHA-256 of its chunks' data, padding not included.
   */
  readonly sha256: Buffer;
  /** Together `sizeBytes`, in order; none for an empty file. */
  readonly extents: readonly Extent[];
  /** It was read so soon after its last change that another may have left no trace in its times: never taken for unchanged by them. */
  readonly racy: boolean;
  /** A warning stands about it: it changed while it was read. */
  readonly warned: boolean;
  /** Set for a SQLite database: what its write-ahead log was, null inside when there was none. */
  readonly sqlite: { readonly wal: FileIdentity | null } | null;
};

/** What a whole archive comes to, as the manifest's last lines say it. */
export type ManifestTotals = {
  readonly files: number;
  readonly directories: number;
  readonly symlinks: number;
  readonly hardlinks: number;
  /** Sum of the sizes of files: what a restore writes, at most. */
  readonly fileBytes: number;
  /** Of `fileBytes`, what lies in the base. */
  readonly baseBytes: number;
  readonly segments: number;
  readonly rawBytes: number;
  /** The archive's size. */
  readonly storedBytes: number;
  /** Of `storedBytes`, what was copied inside the store. */
  readonly copiedBytes: number;
  /** The earliest `verifiedAtMs` of all segments; null without segments. */
  readonly oldestVerifiedAtMs: number | null;
  readonly warnings: number;
};
