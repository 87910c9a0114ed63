// The first bytes of a stored segment, which say how long it is, so that a bare archive can be gone through without a manifest.
import type { ArchiveCodec } from "../manifest/manifest-records.ts";
import { segmentBytesMax } from "../manifest/manifest-bounds.ts";

/** A gzip header whose extra field is one subfield "MM" of eight bytes. */
const gzipMark = Buffer.from([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255, 12, 0, 0x4d, 0x4d, 8, 0]);
export const gzipHeadBytes = gzipMark.length + 8;

export const zstdSkippableMagic = 0x184d2a50;
/** Magic, length of the content (8), and the content. */
export const zstdHeadBytes = 16;
const zstdMark = Buffer.alloc(8);
zstdMark.writeUInt32LE(zstdSkippableMagic, 0);
zstdMark.writeUInt32LE(8, 4);

/** What a head needs to be read, whatever the codec. */
export const segmentHeadBytes = Math.max(gzipHeadBytes, zstdHeadBytes);

export type SegmentHead = {
  readonly codec: ArchiveCodec;
  readonly storedBytes: number;
  readonly rawBytes: number;
};

/** Reads a head; undefined for bytes that are none, or lengths that no segment has. */
export function decodeSegmentHead(head: Buffer): SegmentHead | undefined {
  if (isSegmentHead(head)) return lengthsAt(head, gzipMark.length, "gzip");
  if (head.length >= zstdHeadBytes && head.subarray(0, zstdMark.length).equals(zstdMark)) {
    return lengthsAt(head, zstdMark.length, "zstd");
  }
  return undefined;
}

/** Whether bytes begin as a gzip member of ours does. */
export function isSegmentHead(bytes: Buffer): boolean {
  return bytes.length >= gzipHeadBytes && bytes.subarray(0, gzipMark.length).equals(gzipMark);
}

/** Where the next head begins in `bytes`, from `from` on; -1 when nowhere. */
export function findSegmentHead(bytes: Buffer, codec: ArchiveCodec, from: number): number {
  return bytes.indexOf(codec === "gzip" ? gzipMark : zstdMark, from);
}

function lengthsAt(head: Buffer, at: number, codec: ArchiveCodec): SegmentHead | undefined {
  const storedBytes = head.readUInt32LE(at);
  const rawBytes = head.readUInt32LE(at + 4);
  const possible =
    storedBytes > segmentHeadBytes &&
    storedBytes <= segmentBytesMax &&
    rawBytes > 0 &&
    rawBytes <= segmentBytesMax;
  return possible ? { codec, storedBytes, rawBytes } : undefined;
}
