// Makes the manifest of an archive anew from its bytes alone. What only the packer knew is unknown in it: who was backed up, and what
// told whether a file had changed, so that nothing in it is ever taken for unchanged by its times.
import { createHash, type Hash } from "node:crypto";
import { Fault } from "@manman/core/fault.ts";
import { pathFlaw } from "../archive-path.ts";
import { mayFollow } from "../manifest/entry-order.ts";
import {
  ManifestWriter,
  type ManifestSink,
  type WrittenManifest,
} from "../manifest/manifest-writer.ts";
import { planNumbersV1 } from "../plan/plan-numbers.ts";
import {
  type BackupIdentity,
  type ChunkRecord,
  type Extent,
  type ManifestEntry,
  type SegmentRecord,
} from "../manifest/manifest-records.ts";
import { printablePath } from "../printable-path.ts";
import type { ReadRanges } from "../read-ranges.ts";
import { TarReader, type TarEntry, type TarHandler } from "../tar-reader/tar-reader.ts";
import { openBareArchive, type BarePiece } from "./bare-pieces.ts";

export type RebuildOptions = {
  /** What is known of the backup; every field may be null. The kind is that of what the archive holds: a full one. */
  readonly who: BackupIdentity;
  /** When the archive is read, in unix milliseconds: from then on its bytes count as verified. */
  readonly nowMs: number;
  readonly signal: AbortSignal;
};

/**
 * Reads a whole archive of ours, made with the numbers of version 1, and writes its manifest. Fails with a Fault: `corrupt` naming the
 * segment for a damaged one, `rejected` for a tar that is not cut into segments. An incremental archive gives a manifest of what it holds
 * itself.
 */
export async function rebuildManifest(
  ranges: ReadRanges,
  sink: ManifestSink,
  { who, nowMs, signal }: RebuildOptions,
): Promise<WrittenManifest> {
  const { form, codec, pieces } = await openBareArchive(ranges);
  if (form !== "segments") {
    throw new Fault(
      "rejected",
      "rebuild the manifest: the archive is not cut into segments of ours",
    );
  }
  const header = { codec, level: 0, numbers: planNumbersV1, who, base: null };
  const writer = new ManifestWriter(header, sink);
  const entries = new RebuiltEntries();
  const reader = new TarReader(entries);
  for await (const piece of pieces()) {
    signal.throwIfAborted();
    if (piece.kind === "lost") throw new Fault("corrupt", `${piece.where}: ${piece.why}`);
    readSegment(piece, reader, entries);
    for (const entry of entries.takeFinished()) await writer.addEntry(entry);
    await writer.addSegment(recordOf(piece, entries, nowMs));
  }
  ending(() => {
    reader.end();
  }, "the archive");
  return await writer.end(0);
}

function readSegment(
  piece: BarePiece & { kind: "raw" },
  reader: TarReader,
  entries: RebuiltEntries,
): void {
  entries.beginSegment(reader.offset, piece.bytes.length);
  ending(() => {
    reader.feed(piece.bytes);
    if (reader.entryBytesLeft === 0 && !reader.isBetweenEntries && !reader.isEnded) {
      throw new Error("ends within a header");
    }
  }, piece.where);
}

function ending(read: () => void, where: string): void {
  try {
    read();
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault("corrupt", where, error);
  }
}

function recordOf(
  { bytes, stored }: BarePiece & { kind: "raw" },
  entries: RebuiltEntries,
  nowMs: number,
): SegmentRecord {
  const storedBytes = stored ?? bytes;
  return {
    storedBytes: storedBytes.length,
    rawBytes: bytes.length,
    storedSha256: createHash("sha256").update(storedBytes).digest(),
    chunk: entries.takeChunk(),
    entryCount: entries.takeHeaderCount(),
    origin: "made",
    verifiedAtMs: nowMs,
  };
}

type FileInProgress = {
  readonly entry: TarEntry;
  readonly headerSegment: number;
  readonly extent: Extent | undefined;
  /** Whether its data stands in segments of its own. */
  readonly standsApart: boolean;
  hash: Hash;
  /** Of a large file: over the digests of the chunks in the segments before this one, whose bytes so far are counted. */
  readonly tree: Hash | undefined;
  chunkBytes: number;
};

/** Turns what a tar reader tells into entries of a manifest. */
class RebuiltEntries implements TarHandler {
  #segment = -1;
  #segmentOffset = 0;
  #segmentBytes = 0;
  #headerCount = 0;
  #finished: ManifestEntry[] = [];
  #current: FileInProgress | undefined;
  #lastChunk: ChunkRecord | null = null;
  #lastPath: Buffer | undefined;
  #count = 0;

  beginSegment(offset: number, rawBytes: number): void {
    this.#segment += 1;
    this.#segmentOffset = offset;
    this.#segmentBytes = rawBytes;
  }

  takeFinished(): ManifestEntry[] {
    const finished = this.#finished;
    this.#finished = [];
    return finished;
  }

  takeHeaderCount(): number {
    const count = this.#headerCount;
    this.#headerCount = 0;
    return count;
  }

  /** What the segment that was read holds of a large file. A file that goes on must have filled it as the numbers say. */
  takeChunk(): ChunkRecord | null {
    const lastChunk = this.#lastChunk;
    this.#lastChunk = null;
    const current = this.#current;
    if (current === undefined || current.chunkBytes === 0) return lastChunk;
    const dataBytes = current.chunkBytes;
    if (dataBytes !== planNumbersV1.chunkBytes) {
      throw new Fault(
        "corrupt",
        `segment ${this.#segment}: a chunk of another length than version 1 has`,
      );
    }
    const dataSha256 = current.hash.digest();
    current.tree?.update(dataSha256);
    current.hash = createHash("sha256");
    current.chunkBytes = 0;
    return { dataBytes, dataSha256 };
  }

  onEntry(entry: TarEntry, headerOffset: number, dataOffset: number): void {
    this.#requirePlace(entry);
    if (headerOffset < this.#segmentOffset)
      throw new Error("an entry's header lies in two segments");
    this.#headerCount += 1;
    const isLarge = entry.sizeBytes > planNumbersV1.smallFileBytesMax;
    const rawOffset = dataOffset - this.#segmentOffset;
    // A file that was large when it was planned stands apart, even when it had shrunk by the time that it was read.
    const standsApart = rawOffset === this.#segmentBytes;
    if (isLarge && !standsApart) throw new Error("a large file's header has company");
    if (!standsApart && rawOffset + entry.sizeBytes > this.#segmentBytes) {
      throw new Error("a small file lies in two segments");
    }
    const extent: Extent = standsApart
      ? { source: "own", segment: this.#segment + 1, rawOffset: 0, bytes: entry.sizeBytes }
      : { source: "own", segment: this.#segment, rawOffset, bytes: entry.sizeBytes };
    this.#current = {
      entry,
      headerSegment: this.#segment,
      extent: entry.sizeBytes === 0 ? undefined : extent,
      standsApart,
      hash: createHash("sha256"),
      tree: isLarge ? createHash("sha256") : undefined,
      chunkBytes: 0,
    };
  }

  onData(bytes: Buffer): void {
    const current = this.#current as FileInProgress;
    current.hash.update(bytes);
    current.chunkBytes += bytes.length;
  }

  onEntryEnd(): void {
    const current = this.#current as FileInProgress;
    this.#current = undefined;
    const { entry, headerSegment, extent, standsApart, hash, tree, chunkBytes } = current;
    const { kind, path, target, mode, uid, gid, mtimeNs, sizeBytes } = entry;
    const base = { path, mode, uid, gid, mtimeNs, headerSegment, ctimeNs: 0n, dev: 0n, ino: 0n };
    if (kind === "directory") this.#finished.push({ ...base, kind });
    else if (kind !== "file") this.#finished.push({ ...base, kind, target });
    else {
      const dataSha256 = hash.digest();
      const isChunk = standsApart && chunkBytes > 0;
      this.#lastChunk = isChunk ? { dataBytes: chunkBytes, dataSha256 } : null;
      const sha256 = tree === undefined ? dataSha256 : tree.update(dataSha256).digest();
      const extents = extent === undefined ? [] : [extent];
      const flags = { racy: true, warned: false, sqlite: null };
      this.#finished.push({ ...base, kind, sizeBytes, sha256, extents, ...flags });
    }
  }

  #requirePlace({ path, kind, target }: TarEntry): void {
    const shown = printablePath(path).slice(0, 300);
    const flaw = pathFlaw(path.toString("latin1"), kind === "directory");
    if (flaw !== undefined) throw new Error(`${shown} is ${flaw}`);
    if (kind === "hardlink") {
      const targetFlaw = pathFlaw(target.toString("latin1"), false);
      if (targetFlaw !== undefined) throw new Error(`${shown} is a hard link to ${targetFlaw}`);
    }
    const before = this.#lastPath;
    if (before !== undefined && !mayFollow(before, path, this.#count === 1)) {
      throw new Error(`${shown} stands out of order, or twice`);
    }
    this.#lastPath = path;
    this.#count += 1;
  }
}
