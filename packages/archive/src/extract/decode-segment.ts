// Turns the stored bytes of one segment back into tar. What comes out is bounded before anything is decoded, and nothing may stand
// behind it, so that a segment is one member and not a byte more.
import { crc32, inflateRawSync, zstdDecompressSync, type ZlibOptions } from "node:zlib";
import { Fault } from "@manman/core/fault.ts";
import type { ArchiveCodec } from "../manifest/manifest-records.ts";
import { gzipHeadBytes, isSegmentHead, zstdHeadBytes, zstdSkippableMagic } from "./segment-head.ts";

const gzipTailBytes = 8;
const outputBytesMin = 64;

/** Decodes exactly `rawBytes`. Fails with a Fault `corrupt` that names the segment by `name`. The memory is the caller's. */
export function decodeSegment(
  codec: ArchiveCodec,
  stored: Buffer,
  rawBytes: number,
  name: string,
): Buffer {
  try {
    const raw = decoders[codec](stored, rawBytes);
    if (raw.length !== rawBytes) throw new Error(`${raw.length} bytes instead of ${rawBytes}`);
    return raw;
  } catch (error) {
    throw new Fault("corrupt", `decode ${name}`, error);
  }
}

const decoders: Readonly<Record<ArchiveCodec, (stored: Buffer, rawBytes: number) => Buffer>> = {
  none: (stored) => stored,
  gzip: inflateMember,
  zstd: decompressFrame,
};

function inflateMember(stored: Buffer, rawBytes: number): Buffer {
  if (!isSegmentHead(stored)) throw new Error("it does not begin with a member of ours");
  const body = stored.subarray(gzipHeadBytes);
  const options: ZlibOptions & { info: true } = {
    info: true,
    maxOutputLength: Math.max(rawBytes, outputBytesMin),
    // One chunk more than needed, so that the end is met without a second buffer.
    chunkSize: Math.max(rawBytes + 1, outputBytesMin),
  };
  const { buffer, engine } = inflateRawSync(body, options) as unknown as {
    buffer: Buffer;
    engine: { bytesWritten: number };
  };
  const tail = body.subarray(engine.bytesWritten);
  if (tail.length !== gzipTailBytes) throw new Error("its length is not that of one member");
  if (tail.readUInt32LE(0) !== crc32(buffer)) throw new Error("its CRC32 is another");
  if (tail.readUInt32LE(4) !== buffer.length) throw new Error("its length field is another");
  return buffer;
}

/** A skippable frame with our lengths, and one frame of data with its checksum. */
function decompressFrame(stored: Buffer, rawBytes: number): Buffer {
  if (stored.length < zstdHeadBytes || stored.readUInt32LE(0) !== zstdSkippableMagic) {
    throw new Error("it does not begin with a frame of ours");
  }
  return zstdDecompressSync(stored.subarray(zstdHeadBytes), {
    maxOutputLength: Math.max(rawBytes, outputBytesMin),
  });
}
