// The ways in which a segment's bytes can be stored, and the promise that all of them keep: what is stored is decoded by itself.
import { encodeGzipSegment, gzipRoomBytes, gzipStoredBytesMax } from "./gzip-segment.ts";
import { encodeZstdSegment, zstdStoredBytesMax } from "./zstd-segment.ts";

export type Codec = "gzip" | "zstd" | "none";

/** How an archive is compressed. `level`: 1 (fastest) to 9 (smallest) for gzip, 1 to 19 for zstd. */
export type Compression =
  | { readonly codec: "gzip"; readonly level: number }
  | { readonly codec: "zstd"; readonly level: number }
  | { readonly codec: "none" };

const levelMax = { gzip: 9, zstd: 19 } as const;

/** Throws a RangeError for a level that the codec does not have. */
export function requireCompression(compression: Compression): void {
  if (compression.codec === "none") return;
  const { codec, level } = compression;
  if (!Number.isInteger(level) || level < 1 || level > levelMax[codec]) {
    const range = `from 1 to ${levelMax[codec]}`;
    throw new RangeError(`${codec} level ${level} is not a whole number ${range}`);
  }
}

/** What a segment of `rawBytes` takes at most when it is stored; its data may grow by no more than this allows. */
export function storedBytesMax(codec: Codec, rawBytes: number): number {
  if (codec === "gzip") return gzipStoredBytesMax(rawBytes);
  return codec === "zstd" ? zstdStoredBytesMax(rawBytes) : rawBytes;
}

/** What `encodeSegment` needs to work in, which may be more than the segment takes in the end. */
export function encodeRoomBytes(codec: Codec, rawBytes: number): number {
  return codec === "gzip" ? gzipRoomBytes(rawBytes) : storedBytesMax(codec, rawBytes);
}

/**
 * Writes a segment into `target`, which has `encodeRoomBytes`, and gives the bytes that it took. `borders`: ascending places in `raw`
 * where data of another nature may begin. The same arguments always give the same segment, on the same version of the libraries.
 */
export function encodeSegment(
  compression: Compression,
  raw: Buffer,
  target: Buffer,
  borders: readonly number[] = [],
): number {
  if (compression.codec === "gzip") {
    return encodeGzipSegment(raw, compression.level, target, borders);
  }
  if (compression.codec === "zstd") return encodeZstdSegment(raw, compression.level, target);
  return raw.copy(target);
}
