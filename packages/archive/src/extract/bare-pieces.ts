// Reads an archive without its manifest: segment by segment where it is one of ours, so that damage to one costs only that one; as one
// stream where it is any other tar, compressed or not.
import { Readable } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { Fault, wordsOf } from "@manman/core/fault.ts";
import type { ArchiveCodec } from "../manifest/manifest-records.ts";
import { readAheadRanges, type ReadRanges } from "../read-ranges.ts";
import { decodeSegment } from "./decode-segment.ts";
import { decodeSegmentHead, findSegmentHead, segmentHeadBytes } from "./segment-head.ts";

/** `where`, for people: `segment 5`, or `the archive`. */
export type BarePiece =
  | {
      readonly kind: "raw";
      readonly where: string;
      readonly bytes: Buffer;
      /** What the piece was decoded from, where it is a segment. */
      readonly stored: Buffer | undefined;
    }
  /** A piece that cannot be decoded. `rawBytes`: how much of the tar stream it is, where that is known. */
  | {
      readonly kind: "lost";
      readonly where: string;
      readonly why: string;
      readonly rawBytes: number | undefined;
    };

export type BareForm = "segments" | "stream";

export type BareArchive = {
  /** Whether the pieces are segments of ours, or cut anywhere. */
  readonly form: BareForm;
  readonly codec: ArchiveCodec;
  /** The pieces, once. Those of a stream end with the lost one. Fails with a Fault when the archive cannot be read. */
  readonly pieces: () => AsyncGenerator<BarePiece, void, void>;
};

const aheadBytes = 8 * 1024 * 1024;
const streamBytes = 1024 * 1024;

/** Looks at the beginning of an archive to see what it is. Fails with a Fault. */
export async function openBareArchive(ranges: ReadRanges): Promise<BareArchive> {
  const start = await ranges.read(0, Math.min(segmentHeadBytes, ranges.sizeBytes));
  const head = decodeSegmentHead(start);
  if (head !== undefined) {
    const { codec } = head;
    return { form: "segments", codec, pieces: () => segmentPieces(ranges, codec) };
  }
  const codec = codecOf(start);
  return { form: "stream", codec, pieces: () => streamPieces(ranges, codec) };
}

function codecOf(start: Buffer): ArchiveCodec {
  if (start[0] === 0x1f && start[1] === 0x8b) return "gzip";
  const magic = start.length < 4 ? 0 : start.readUInt32LE(0);
  return magic === 0xfd2fb528 ? "zstd" : "none";
}

async function* segmentPieces(
  ranges: ReadRanges,
  codec: ArchiveCodec,
): AsyncGenerator<BarePiece, void, void> {
  const ahead = readAheadRanges(ranges, aheadBytes);
  let number = 0;
  for (let offset = 0; offset < ranges.sizeBytes; number += 1) {
    const where = `segment ${number}`;
    const step = await segmentAt(ahead, offset, codec, where);
    yield step.piece;
    offset = step.next;
  }
}

/** The segment at an offset, and where the next one begins. */
async function segmentAt(
  ranges: ReadRanges,
  offset: number,
  codec: ArchiveCodec,
  where: string,
): Promise<{ piece: BarePiece; next: number }> {
  const left = ranges.sizeBytes - offset;
  const head = decodeSegmentHead(await ranges.read(offset, Math.min(segmentHeadBytes, left)));
  if (head?.codec !== codec || head.storedBytes > left) {
    const why = head === undefined ? "it does not begin as a segment does" : "it is cut off";
    return await lostAt(ranges, offset, codec, { where, why, rawBytes: undefined });
  }
  const { storedBytes, rawBytes } = head;
  const stored = await ranges.read(offset, storedBytes);
  try {
    const bytes = decodeSegment(codec, stored, rawBytes, where);
    return { piece: { kind: "raw", where, bytes, stored }, next: offset + storedBytes };
  } catch (error) {
    const lost = { where, why: wordsOf(error), rawBytes };
    const next = offset + storedBytes;
    if (next === ranges.sizeBytes || (await beginsSegment(ranges, next, codec))) {
      return { piece: { kind: "lost", ...lost }, next };
    }
    return await lostAt(ranges, offset, codec, { ...lost, rawBytes: undefined });
  }
}

async function beginsSegment(
  ranges: ReadRanges,
  offset: number,
  codec: ArchiveCodec,
): Promise<boolean> {
  const length = Math.min(segmentHeadBytes, ranges.sizeBytes - offset);
  return decodeSegmentHead(await ranges.read(offset, length))?.codec === codec;
}

type Lost = { where: string; why: string; rawBytes: number | undefined };

/** Where nothing says how long a damaged segment is, the next one is looked for by its first bytes. */
async function lostAt(
  ranges: ReadRanges,
  offset: number,
  codec: ArchiveCodec,
  lost: Lost,
): Promise<{ piece: BarePiece; next: number }> {
  const piece = { kind: "lost", ...lost } as const;
  const overlap = segmentHeadBytes;
  for (let at = offset + 1; at < ranges.sizeBytes; at += streamBytes - overlap) {
    const window = await ranges.read(at, Math.min(streamBytes, ranges.sizeBytes - at));
    const found = findSegmentHead(window, codec, 0);
    if (found >= 0) return { piece, next: at + found };
  }
  return { piece, next: ranges.sizeBytes };
}

async function* streamPieces(
  ranges: ReadRanges,
  codec: ArchiveCodec,
): AsyncGenerator<BarePiece, void, void> {
  const where = "the archive";
  const stored = Readable.from(storedChunks(ranges), { objectMode: false });
  const decoder =
    codec === "gzip" ? createGunzip() : codec === "zstd" ? createZstdDecompress() : undefined;
  stored.once("error", (error) => decoder?.destroy(error));
  const decoded = decoder === undefined ? stored : stored.pipe(decoder);
  try {
    for await (const bytes of decoded as AsyncIterable<Buffer>) {
      yield { kind: "raw", where, bytes, stored: undefined };
    }
    if (decoder !== undefined && decoder.bytesWritten !== ranges.sizeBytes) {
      yield {
        kind: "lost",
        where,
        why: "something stands behind its compressed data",
        rawBytes: undefined,
      };
    }
  } catch (error) {
    if (error instanceof Fault) throw error;
    yield { kind: "lost", where, why: wordsOf(error), rawBytes: undefined };
  } finally {
    stored.destroy();
    decoder?.destroy();
  }
}

async function* storedChunks(ranges: ReadRanges): AsyncGenerator<Buffer, void, void> {
  for (let offset = 0; offset < ranges.sizeBytes; offset += streamBytes) {
    yield await ranges.read(offset, Math.min(streamBytes, ranges.sizeBytes - offset));
  }
}
