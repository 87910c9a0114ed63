// Reads a whole archive and compares every segment with its manifest, without writing anything.
import { createHash } from "node:crypto";
import { Fault } from "@manman/core/fault.ts";
import { piecesOf } from "../manifest/extent-rules.ts";
import type { ManifestEntry, PlacedSegment } from "../manifest/manifest-records.ts";
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

/**
 * Checks the digests of every segment of the archive itself, not of its base. Returns those that are damaged, at most
 * 10,000. Fails with a Fault when the archive cannot be read, or is not as long as its segments together.
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
  const damaged = new Map<number, { why: string; paths: Buffer[] }>();
  for await (const segment of manifest.segments()) {
    signal.throwIfAborted();
    const why = await damageOf(source, segment);
    if (why !== undefined) damaged.set(segment.number, { why, paths: [] });
    if (damaged.size === damagedMax) break;
  }
  if (damaged.size > 0) {
    for await (const entry of manifest.entries()) {
      signal.throwIfAborted();
      for (const segment of segmentsOf(entry, source)) {
        const paths = damaged.get(segment)?.paths;
        if (paths !== undefined && paths.length < pathsMax) paths.push(entry.path);
      }
    }
  }
  return [...damaged].map(([segment, { why, paths }]) => ({ segment, why, paths }));
}

async function damageOf(
  source: ArchiveSource,
  segment: PlacedSegment,
): Promise<string | undefined> {
  const name = segmentName("own", segment.number);
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

/** The archive's own segments that an entry's header and data stand in. */
function segmentsOf(entry: ManifestEntry, { manifest }: ArchiveSource): Set<number> {
  const segments = new Set<number>();
  if (entry.headerSegment !== null) segments.add(entry.headerSegment);
  if (entry.kind !== "file") return segments;
  for (const { source, segment } of piecesOf(
    entry.extents,
    entry.sizeBytes,
    manifest.header.numbers,
  )) {
    if (source === "own") segments.add(segment);
  }
  return segments;
}

function sha256Of(bytes: Buffer): Buffer {
  return createHash("sha256").update(bytes).digest();
}
