// Writes the extents of a block's files as columns, and reads them back. They are most often one small piece right behind the one
// before, so that what stands there is nearly always the same and costs next to nothing.
import { extentsMax, segmentBytesMax } from "./manifest-bounds.ts";
import { objectOf, textField, wholeColumn, type JsonObject } from "./json-fields.ts";
import type { Extent } from "./manifest-records.ts";

/** Data begins at tar's blocks, so that offsets are told in these. */
const tarBlockBytes = 512;
const sourceLetters = { own: "o", base: "b" } as const;

/**
 * `pieces` counts each file's extents. Of each extent: `source` one letter, `segment`, `block` (the raw offset in units of 512 bytes),
 * and, unless it is its file's last, `bytes`: the last takes what is left of the file's size.
 */
export function encodeExtents(files: readonly (readonly Extent[])[]): JsonObject {
  const all = files.flat();
  return {
    pieces: files.map((extents) => extents.length),
    source: all.map(({ source }) => sourceLetters[source]).join(""),
    segment: all.map(({ segment }) => segment),
    block: all.map(({ rawOffset }) => rawOffset / tarBlockBytes),
    bytes: files.flatMap((extents) => extents.slice(0, -1).map(({ bytes }) => bytes)),
  };
}

/** The extents of each file, given their sizes. Fails with an Error naming the column. */
export function decodeExtents(value: unknown, sizes: readonly number[]): Extent[][] {
  const columns = objectOf(value, "extents");
  const pieces = wholeColumn(columns, "pieces", sizes.length, extentsMax);
  const total = pieces.reduce((sum, count) => sum + count, 0);
  const lastOnes = pieces.filter((count) => count > 0).length;
  const source = textField(columns, "source", total);
  const segment = wholeColumn(columns, "segment", total);
  const block = wholeColumn(columns, "block", total, segmentBytesMax / tarBlockBytes);
  const bytes = wholeColumn(columns, "bytes", total - lastOnes, undefined, 1);
  let at = 0;
  let bytesAt = 0;
  return sizes.map((size, file) => {
    let left = size;
    const count = pieces[file] as number;
    return Array.from({ length: count }, (_, piece) => {
      const length = piece === count - 1 ? left : (bytes[bytesAt++] as number);
      const extent: Extent = {
        source: sourceOf(source[at]),
        segment: segment[at] as number,
        rawOffset: (block[at] as number) * tarBlockBytes,
        bytes: length,
      };
      at += 1;
      left -= length;
      return extent;
    });
  });
}

function sourceOf(letter: string | undefined): Extent["source"] {
  if (letter === sourceLetters.own) return "own";
  if (letter === sourceLetters.base) return "base";
  throw new Error("source holds another letter than o and b");
}
