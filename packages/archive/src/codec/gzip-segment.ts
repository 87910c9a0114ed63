// A segment as one gzip member that any gunzip reads, with a field of our own that says how long it is: a reader without a manifest
// hops from member to member, and decodes them side by side.
import { crc32 } from "node:zlib";
import { adaptiveDeflate, deflatedBytesMax, deflateRoomBytes } from "./adaptive-deflate.ts";
import {
  readSegmentStart,
  segmentLengthsBytes,
  writeSegmentStart,
  type SegmentLengths,
} from "./segment-lengths.ts";

/** Magic, deflate, FEXTRA; no time, no flags, no system; then our field: its length, "MM", 8 bytes. */
const headerStart = Buffer.from([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, 12, 0, 0x4d, 0x4d, 8, 0]);
/** Bytes of a member before its deflated data. */
export const gzipHeaderBytes = headerStart.length + segmentLengthsBytes;
const trailerBytes = 8;

export function gzipStoredBytesMax(rawBytes: number): number {
  return gzipHeaderBytes + deflatedBytesMax(rawBytes) + trailerBytes;
}

export function gzipRoomBytes(rawBytes: number): number {
  return gzipHeaderBytes + deflateRoomBytes(rawBytes) + trailerBytes;
}

/** Writes the member into `target` and gives its length. */
export function encodeGzipSegment(
  raw: Buffer,
  level: number,
  target: Buffer,
  borders: readonly number[],
): number {
  const bodyBytes = adaptiveDeflate(raw, level, target.subarray(gzipHeaderBytes), borders);
  const storedBytes = gzipHeaderBytes + bodyBytes + trailerBytes;
  writeSegmentStart(target, headerStart, { storedBytes, rawBytes: raw.length });
  target.writeUInt32LE(crc32(raw), gzipHeaderBytes + bodyBytes);
  target.writeUInt32LE(raw.length, gzipHeaderBytes + bodyBytes + 4);
  return storedBytes;
}

/** What a member's first `gzipHeaderBytes` say about its length; undefined where they are not the beginning of a member of ours. */
export function readGzipHeader(bytes: Buffer): SegmentLengths | undefined {
  return readSegmentStart(bytes, headerStart);
}
