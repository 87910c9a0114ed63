// What extents must look like: the one shape that a packer gives them, so that a reader meets no other.
import { segmentBytesMax } from "./manifest-bounds.ts";
import type { PlanNumbers } from "../plan/plan-numbers.ts";
import type { Extent } from "./manifest-records.ts";

/** What is wrong with the extents of a file of this size, in words, or undefined. */
export function extentsFlaw(
  extents: readonly Extent[],
  sizeBytes: number,
  numbers: PlanNumbers,
): string | undefined {
  let left = sizeBytes;
  for (const { bytes } of extents) {
    if (bytes < 1 || bytes > left) return "extents of another size than its own";
    left -= bytes;
  }
  if (left !== 0) return "extents of another size than its own";
  if (sizeBytes <= numbers.smallFileBytesMax) return smallFileFlaw(extents);
  return largeFileFlaw(extents, numbers.chunkBytes);
}

/** One run of bytes within one segment. */
export type Piece = Extent & { readonly fileOffset: number };

/** The pieces of a file, each within one segment, in order. Fails never: what extents are was checked. */
export function* piecesOf(
  extents: readonly Extent[],
  sizeBytes: number,
  numbers: PlanNumbers,
): Generator<Piece, void, void> {
  const pieceBytesMax =
    sizeBytes > numbers.smallFileBytesMax ? numbers.chunkBytes : numbers.smallFileBytesMax;
  let fileOffset = 0;
  for (const extent of extents) {
    let { segment } = extent;
    for (let left = extent.bytes; left > 0; segment += 1) {
      const bytes = Math.min(left, pieceBytesMax);
      yield { ...extent, segment, bytes, fileOffset };
      left -= bytes;
      fileOffset += bytes;
    }
  }
}

/** Watches over all extents of a manifest, in order: none may begin before the end of the one before it in the same archive. */
export class AscendingExtents {
  readonly #next = { own: { segment: 0, rawOffset: 0 }, base: { segment: 0, rawOffset: 0 } };

  /** Whether the piece comes after all those before. */
  takes({ source, segment, rawOffset, bytes }: Piece): boolean {
    const next = this.#next[source];
    if (segment < next.segment) return false;
    if (segment === next.segment && rawOffset < next.rawOffset) return false;
    next.segment = segment;
    next.rawOffset = rawOffset + bytes;
    return true;
  }
}

function smallFileFlaw(extents: readonly Extent[]): string | undefined {
  if (extents.length > 1) return "more than one extent, though it is small";
  const beyond = extents.some(({ rawOffset, bytes }) => rawOffset + bytes > segmentBytesMax);
  return beyond ? "an extent beyond any segment" : undefined;
}

function largeFileFlaw(extents: readonly Extent[], chunkBytes: number): string | undefined {
  for (const [at, { rawOffset, bytes }] of extents.entries()) {
    if (rawOffset !== 0) return "an extent that does not begin with a chunk";
    if (at < extents.length - 1 && bytes % chunkBytes !== 0) {
      return "an extent that does not end with a chunk";
    }
  }
  return undefined;
}
