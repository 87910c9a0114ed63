// Writes a manifest while its archive is being packed. Holds the records of one block of each kind and about 200 bytes for each block
// written, whatever the size of the tree: the rest is on its way.
import { createHash } from "node:crypto";
import { isDirectoryPath } from "../archive-path.ts";
import { encodeEntries } from "./entry-columns.ts";
import { mayFollow } from "./entry-order.ts";
import { blockRecordsMax, blockTextBytesTarget, extentsMax } from "./manifest-bounds.ts";
import { encodeHeader } from "./manifest-header.ts";
import { encodeIndex, type BlockKind, type IndexedBlock } from "./manifest-index.ts";
import { encodeLine } from "./manifest-line.ts";
import type {
  ManifestEntry,
  ManifestHeader,
  ManifestTotals,
  SegmentRecord,
} from "./manifest-records.ts";
import { encodeTrailer } from "./manifest-trailer.ts";
import { RunningTotals } from "./running-totals.ts";
import { encodeSegments } from "./segment-columns.ts";

/** Takes the manifest's bytes as they come, some 70 KB at a time. The memory is its own. */
export type ManifestSink = (bytes: Buffer) => Promise<void>;

export type WrittenManifest = {
  readonly totals: ManifestTotals;
  readonly root: Buffer;
  /** Size and SHA-256 of the manifest itself. */
  readonly sizeBytes: number;
  readonly sha256: Buffer;
};

/** Digests do not compress at any level, and the rest nearly as well at this one as at the highest. */
const gzipLevel = 6;

/** Calls come one at a time: each waits for the one before. */
export class ManifestWriter {
  readonly #header: ManifestHeader;
  readonly #sink: ManifestSink;
  readonly #hash = createHash("sha256");
  readonly #root = createHash("sha256");
  readonly #totals = new RunningTotals();
  readonly #blocks: IndexedBlock[] = [];
  #offset = 0;
  #entries: ManifestEntry[] = [];
  #entriesTextBytes = 0;
  #entriesTaken = 0;
  #lastPath: Buffer | undefined;
  #segments: SegmentRecord[] = [];
  #segmentsStart = { number: 0, offset: 0 };

  constructor(header: ManifestHeader, sink: ManifestSink) {
    this.#header = header;
    this.#sink = sink;
  }

  /** Adds the next entry. Its extents may lie in segments that were not added yet. Fails when the sink does. */
  async addEntry(entry: ManifestEntry): Promise<void> {
    const before = this.#lastPath;
    if (before !== undefined && !mayFollow(before, entry.path, this.#entriesTaken === 1)) {
      throw new Error(`entries out of order: ${String(before)}, then ${String(entry.path)}`);
    }
    if (entry.kind === "file" && entry.extents.length > extentsMax) {
      throw new Error(`${String(entry.path)} has ${entry.extents.length} extents`);
    }
    if (this.#endsBlock(entry)) await this.#writeEntries();
    this.#entries.push(entry);
    this.#entriesTextBytes += textBytesOf(entry);
    this.#entriesTaken += 1;
    this.#lastPath = entry.path;
    this.#totals.addEntry(entry);
  }

  /** Adds the next segment of the archive. Fails when the sink does. */
  async addSegment(segment: SegmentRecord): Promise<void> {
    this.#segments.push(segment);
    this.#root.update(segment.storedSha256);
    this.#totals.addSegment(segment);
    if (this.#segments.length === blockRecordsMax) await this.#writeSegments();
  }

  /** Writes what is left, the index and the trailer. `warnings` are those of the whole backup. */
  async end(warnings: number): Promise<WrittenManifest> {
    await this.#writeEntries();
    await this.#writeSegments();
    await this.#requireHeader();
    const totals = this.#totals.finish(warnings);
    const root = this.#root.digest();
    const index = await encodeLine(encodeIndex({ blocks: this.#blocks, totals, root }), gzipLevel);
    const indexOffset = this.#offset;
    await this.#send(index);
    const indexSha256 = createHash("sha256").update(index).digest();
    await this.#send(encodeTrailer({ indexOffset, indexBytes: index.length, indexSha256 }));
    return { totals, root, sizeBytes: this.#offset, sha256: this.#hash.digest() };
  }

  /** The root stands among what is no directory; behind that, blocks hold one sort of entries each. */
  #endsBlock(entry: ManifestEntry): boolean {
    const first = this.#entries[0];
    if (first === undefined) return false;
    return (
      this.#entries.length === blockRecordsMax ||
      this.#entriesTextBytes >= blockTextBytesTarget ||
      (isDirectoryPath(entry.path) && this.#blockKind(first) === "ascending")
    );
  }

  #blockKind(first: ManifestEntry): BlockKind {
    const holdsRoot = this.#entriesTaken === this.#entries.length;
    return isDirectoryPath(first.path) && !holdsRoot ? "descending" : "ascending";
  }

  async #writeEntries(): Promise<void> {
    const [first] = this.#entries;
    if (first === undefined) return;
    const kind = this.#blockKind(first);
    const line = { entries: encodeEntries(this.#entries) };
    const count = this.#entries.length;
    this.#entries = [];
    this.#entriesTextBytes = 0;
    await this.#writeBlock({ kind, count, firstPath: first.path }, line);
  }

  async #writeSegments(): Promise<void> {
    const count = this.#segments.length;
    if (count === 0) return;
    const line = { segments: encodeSegments(this.#segments, this.#segmentsStart) };
    const storedBytes = this.#segments.reduce((sum, segment) => sum + segment.storedBytes, 0);
    this.#segmentsStart = {
      number: this.#segmentsStart.number + count,
      offset: this.#segmentsStart.offset + storedBytes,
    };
    this.#segments = [];
    await this.#writeBlock({ kind: "segments", count, firstPath: null }, line);
  }

  async #requireHeader(): Promise<void> {
    if (this.#blocks.length > 0) return;
    await this.#append({ kind: "header", count: 0, firstPath: null }, encodeHeader(this.#header));
  }

  async #writeBlock(block: BlockContent, line: unknown): Promise<void> {
    await this.#requireHeader();
    await this.#append(block, line);
  }

  async #append(block: BlockContent, line: unknown): Promise<void> {
    const stored = await encodeLine(line, gzipLevel);
    const sha256 = createHash("sha256").update(stored).digest();
    this.#blocks.push({ ...block, offset: this.#offset, storedBytes: stored.length, sha256 });
    await this.#send(stored);
  }

  async #send(bytes: Buffer): Promise<void> {
    this.#hash.update(bytes);
    this.#offset += bytes.length;
    await this.#sink(bytes);
  }
}

type BlockContent = Pick<IndexedBlock, "kind" | "count" | "firstPath">;

const fixedTextBytes = 150;
const extentTextBytes = 30;

/** About what an entry comes to in its line. */
function textBytesOf(entry: ManifestEntry): number {
  const target = "target" in entry ? entry.target.length : 0;
  const extents = entry.kind === "file" ? entry.extents.length : 0;
  return fixedTextBytes + entry.path.length + target + extents * extentTextBytes;
}
