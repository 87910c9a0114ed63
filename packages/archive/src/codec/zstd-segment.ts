// A segment as one zstd frame, behind a skippable frame that says how long the two are: every zstd reader passes over it.
import { keptZstd } from "./kept-compressor.ts";
import {
  readSegmentStart,
  segmentLengthsBytes,
  writeSegmentStart,
  type SegmentLengths,
} from "./segment-lengths.ts";

/** The magic number of a skippable frame and the length of its content, 8 bytes. */
const headerStart = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 8, 0, 0, 0]);
/** Bytes of the skippable frame. */
export const zstdHeaderBytes = headerStart.length + segmentLengthsBytes;

/** The library's own bound (ZSTD_compressBound), with room for its frame. */
export function zstdStoredBytesMax(rawBytes: number): number {
  return zstdHeaderBytes + rawBytes + Math.ceil(rawBytes / 256) + 1_024;
}

/** Writes both frames into `target` and gives their length. */
export function encodeZstdSegment(raw: Buffer, level: number, target: Buffer): number {
  const frameBytes = keptZstd(level)(raw, target.subarray(zstdHeaderBytes));
  if (frameBytes === undefined) throw new Error("zstd took more than its own bound");
  const storedBytes = zstdHeaderBytes + frameBytes;
  writeSegmentStart(target, headerStart, { storedBytes, rawBytes: raw.length });
  return storedBytes;
}

/** What the skippable frame says about the segment's length; undefined where the bytes do not begin with one of ours. */
export function readZstdHeader(bytes: Buffer): SegmentLengths | undefined {
  return readSegmentStart(bytes, headerStart);
}
