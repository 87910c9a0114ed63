// Reads a whole archive, and what it refers to in its base, and compares every segment with its manifest, without writing anything.
import { createHash } from "node:crypto";
import { Fault } from "@manman/core/fault.ts";
import { piecesOf } from "../manifest/extent-rules.ts";
import type { Extent, ManifestEntry, PlacedSegment } from "../manifest/manifest-records.ts";
import type { Manifest } from "../manifest/manifest-reader.ts";
import { BoundedWork } from "./bounded-work.ts";
import { decodeSegment } from "./decode-segment.ts";
import { fetchSegment, segmentName, type ArchiveSource } from "./segment-fetch.ts";

/** A segment that is not what was packed, and the entries that stand in it or have data in it. */
export type DamagedSegment = {
  readonly segment: number;
  readonly why: string;
  /** The first of them in the archive's order, at most 20. */
  readonly paths: readonly Buffer[];
};

const pathsMax = 20;
const damagedMax = 10_000;
/** Segments on their way at once: what a store far away needs to be read at the speed of the line. */
const segmentsAtOnce = 6;

type Damage = { why: string; paths: Buffer[] };

/**
 * Checks the digests of every segment of the archive itself, not of its base. Returns those that are damaged in order, some
 * 10,000 at most. Fails with a Fault when the archive cannot be read, or is longer than its segments together.
 */
export async function verifyArchive(
  source: ArchiveSource,
  signal: AbortSignal,
): Promise<readonly DamagedSegment[]> {
  const { manifest, archive } = source;
  const { storedBytes } = manifest.totals;
  if (archive.sizeBytes > storedBytes) {
    throw new Fault(
      "corrupt",
      `the archive has ${archive.sizeBytes} bytes, its segments ${storedBytes}`,
    );
  }
  const segments = manifest.segments();
  return await damagedAmong({ source, whose: "own", segments, described: manifest, signal });
}

/**
 * Checks the segments of the base that the archive's files have data in, each once. Returns the damaged ones with the files of the archive,
 * as `verifyArchive` does.
 */
export async function verifyBase(
  own: Manifest,
  base: ArchiveSource,
  signal: AbortSignal,
): Promise<readonly DamagedSegment[]> {
  const segments = referredSegments(own, base.manifest, signal);
  return await damagedAmong({ source: base, whose: "base", segments, described: own, signal });
}

/** The segments of the base that files have data in, each once. */
async function* referredSegments(
  own: Manifest,
  base: Manifest,
  signal: AbortSignal,
): AsyncGenerator<PlacedSegment> {
  let last = -1;
  for await (const entry of own.entries()) {
    signal.throwIfAborted();
    for (const number of segmentsOf(entry, own, "base")) {
      // They ascend through the manifest, so that one that was met before is the last one.
      if (number <= last) continue;
      last = number;
      yield await base.segment(number);
    }
  }
}

/** `described`: the manifest whose entries stand or have data in the segments of `source`. */
async function damagedAmong({
  source,
  whose,
  segments,
  described,
  signal,
}: {
  readonly source: ArchiveSource;
  readonly whose: Extent["source"];
  readonly segments: AsyncIterable<PlacedSegment>;
  readonly described: Manifest;
  readonly signal: AbortSignal;
}): Promise<readonly DamagedSegment[]> {
  const damaged = new Map<number, Damage>();
  const work = new BoundedWork(segmentsAtOnce);
  try {
    for await (const segment of segments) {
      signal.throwIfAborted();
      if (damaged.size >= damagedMax) break;
      await work.start(async () => {
        const why = await damageOf(source, segment, whose);
        if (why !== undefined) damaged.set(segment.number, { why, paths: [] });
      });
    }
    await work.finish();
  } finally {
    await work.settle();
  }
  if (damaged.size > 0) {
    for await (const entry of described.entries()) {
      signal.throwIfAborted();
      for (const segment of segmentsOf(entry, described, whose)) {
        addPath(damaged.get(segment), entry);
      }
    }
  }
  return inOrder(damaged);
}

async function damageOf(
  source: ArchiveSource,
  segment: PlacedSegment,
  whose: Extent["source"],
): Promise<string | undefined> {
  const name = segmentName(whose, segment.number);
  try {
    const stored = await fetchSegment(source, segment, name);
    if (!sha256Of(stored).equals(segment.storedSha256))
      return "its stored bytes have another SHA-256";
    const raw = decodeSegment(source.manifest.header.codec, stored, segment.rawBytes, name);
    const { chunk } = segment;
    if (chunk === null || sha256Of(raw.subarray(0, chunk.dataBytes)).equals(chunk.dataSha256))
      return undefined;
    return "its data has another SHA-256";
  } catch (error) {
    if (error instanceof Fault && error.kind === "corrupt") return error.message;
    throw error;
  }
}

/** The segments of one source that an entry has data in, or, in its own archive, its header. */
function segmentsOf(
  entry: ManifestEntry,
  { header }: Manifest,
  whose: Extent["source"],
): Set<number> {
  const segments = new Set<number>();
  if (entry.kind === "file") {
    for (const { source, segment } of piecesOf(entry.extents, entry.sizeBytes, header.numbers)) {
      if (source === whose) segments.add(segment);
    }
  }
  if (whose === "own" && entry.headerSegment !== null) segments.add(entry.headerSegment);
  return segments;
}

function addPath(damage: Damage | undefined, { path }: ManifestEntry): void {
  if (damage !== undefined && damage.paths.length < pathsMax) damage.paths.push(path);
}

function inOrder(damaged: ReadonlyMap<number, Damage>): DamagedSegment[] {
  return [...damaged]
    .toSorted(([a], [b]) => a - b)
    .map(([segment, { why, paths }]) => ({ segment, why, paths }));
}

function sha256Of(bytes: Buffer): Buffer {
  return createHash("sha256").update(bytes).digest();
}
