// Goes through a whole manifest once: every digest, every rule, and whether entries, segments, totals and root agree with one another.
import { createHash } from "node:crypto";
import { printablePath } from "../printable-path.ts";
import { AscendingExtents, piecesOf, type Piece } from "./extent-rules.ts";
import type { Manifest } from "./manifest-reader.ts";
import { corrupt } from "./manifest-reading.ts";
import type { ManifestEntry, ManifestTotals, PlacedSegment } from "./manifest-records.ts";
import { RunningTotals } from "./running-totals.ts";

/**
 * Checks the manifest, and against `base`, where it is given, what it says of its base. Fails with a Fault `corrupt` that names the
 * block, the segment or the path. Memory does not grow with the manifest.
 */
export async function checkManifest(manifest: Manifest, base?: Manifest): Promise<void> {
  if (base !== undefined) requireBaseOf(manifest, base);
  const totals = new RunningTotals();
  await checkSegments(manifest, totals);
  await checkEntries(manifest, base, totals);
  requireTotals(manifest.totals, totals.finish(manifest.totals.warnings));
}

/** Fails with a Fault unless `base` is the archive that the manifest refers to. */
export function requireBaseOf(manifest: Manifest, base: Manifest): void {
  const named = manifest.header.base;
  if (named === null) throw corrupt("manifest header", "names no base");
  if (!named.root.equals(base.root)) {
    throw corrupt(`manifest of base ${named.key}`, "has another root than was referred to");
  }
}

async function checkSegments(manifest: Manifest, totals: RunningTotals): Promise<void> {
  const root = createHash("sha256");
  let offset = 0;
  for await (const segment of manifest.segments()) {
    if (segment.offset !== offset) {
      throw corrupt(`manifest segment ${segment.number}`, `is not placed at ${offset}`);
    }
    offset += segment.storedBytes;
    root.update(segment.storedSha256);
    totals.addSegment(segment);
  }
  if (!root.digest().equals(manifest.root)) {
    throw corrupt("manifest index", "has another root than its segments");
  }
}

async function checkEntries(
  manifest: Manifest,
  base: Manifest | undefined,
  totals: RunningTotals,
): Promise<void> {
  const own = new SegmentCursor(manifest);
  const others = base && new SegmentCursor(base);
  const headers = new HeaderCounts(manifest);
  const order = new AscendingExtents();
  for await (const entry of manifest.entries()) {
    totals.addEntry(entry);
    await headers.count(entry, manifest.header.base !== null);
    if (entry.kind !== "file") continue;
    for (const piece of piecesOf(entry.extents, entry.sizeBytes, manifest.header.numbers)) {
      if (!order.takes(piece))
        throw extentFault(entry, piece, "begins before the one in front of it ends");
      if (piece.source === "base" && manifest.header.base === null) {
        throw extentFault(entry, piece, "lies in a base, and there is none");
      }
      const cursor = piece.source === "own" ? own : others;
      if (cursor === undefined) continue;
      const segment = await cursor.moveTo(piece.segment);
      if (segment === undefined) throw extentFault(entry, piece, "lies behind the last segment");
      if (piece.rawOffset + piece.bytes > segment.rawBytes) {
        throw extentFault(entry, piece, "reaches beyond its segment");
      }
    }
  }
  await headers.end();
}

function extentFault(entry: ManifestEntry, { source, segment }: Piece, what: string): Error {
  const path = printablePath(entry.path).slice(0, 300);
  return corrupt(`extent of ${path} in segment ${segment} (${source})`, what);
}

/** Goes forward through the segments of an archive with whoever asks for ascending numbers. */
class SegmentCursor {
  readonly #segments: AsyncGenerator<PlacedSegment, void, void>;
  #current: PlacedSegment | undefined;

  constructor(manifest: Manifest) {
    this.#segments = manifest.segments();
  }

  async moveTo(number: number): Promise<PlacedSegment | undefined> {
    while (this.#current === undefined || this.#current.number < number) {
      const { value, done } = await this.#segments.next();
      if (done === true) return undefined;
      this.#current = value;
    }
    return this.#current;
  }
}

/** Compares how many entries begin in each segment with what the segment says. */
class HeaderCounts {
  readonly #segments: AsyncGenerator<PlacedSegment, void, void>;
  #current: PlacedSegment | undefined;
  #left = 0;

  constructor(manifest: Manifest) {
    this.#segments = manifest.segments();
  }

  async count(entry: ManifestEntry, hasBase: boolean): Promise<void> {
    const { headerSegment } = entry;
    const path = printablePath(entry.path).slice(0, 300);
    if (headerSegment === null) {
      if (!hasBase) throw corrupt(`entry ${path}`, "has its header in a base, and there is none");
      return;
    }
    while (this.#left === 0 && (await this.#next()));
    if (this.#current?.number !== headerSegment) {
      throw corrupt(`entry ${path}`, `has its header in segment ${headerSegment}, out of order`);
    }
    this.#left -= 1;
  }

  /** After the last entry none may be left to count. */
  async end(): Promise<void> {
    while (this.#left === 0) if (!(await this.#next())) return;
    throw corrupt(
      `manifest segment ${this.#current?.number}`,
      "counts more entries than there are",
    );
  }

  async #next(): Promise<boolean> {
    const { value, done } = await this.#segments.next();
    if (done === true) return false;
    this.#current = value;
    this.#left = value.entryCount;
    return true;
  }
}

function requireTotals(stated: ManifestTotals, found: ManifestTotals): void {
  for (const name of Object.keys(found) as (keyof ManifestTotals)[]) {
    if (stated[name] !== found[name]) {
      throw corrupt("manifest totals", `say ${name} ${stated[name]}, and it is ${found[name]}`);
    }
  }
}
