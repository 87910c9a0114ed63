// The last bytes of a manifest: always as many, always written the same way, naming the index, so that every single bit of them counts.
import { crc32 } from "node:zlib";
import { digestBytes } from "./manifest-bounds.ts";

export type ManifestTrailer = {
  readonly indexOffset: number;
  readonly indexBytes: number;
  readonly indexSha256: Buffer;
};

const digits = 16;

/** The trailer as one gzip member with one stored block, whose text is one line of JSON with numbers of sixteen digits. */
export function encodeTrailer({ indexOffset, indexBytes, indexSha256 }: ManifestTrailer): Buffer {
  const text = Buffer.from(
    `{"trailer":{"offset":"${padded(indexOffset)}","bytes":"${padded(indexBytes)}","sha256":"${indexSha256.toString("hex")}"}}\n`,
  );
  const head = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1, 0, 0, 0, 0]);
  head.writeUInt16LE(text.length, 11);
  head.writeUInt16LE(0xffff - text.length, 13);
  const tail = Buffer.alloc(8);
  tail.writeUInt32LE(crc32(text), 0);
  tail.writeUInt32LE(text.length, 4);
  return Buffer.concat([head, text, tail]);
}

export const trailerBytes = encodeTrailer({
  indexOffset: 0,
  indexBytes: 0,
  indexSha256: Buffer.alloc(digestBytes),
}).length;

/** Reads the trailer; undefined for bytes that `encodeTrailer` does not write, to the last bit. */
export function decodeTrailer(bytes: Buffer): ManifestTrailer | undefined {
  const match = pattern.exec(bytes.toString("latin1"));
  if (match === null) return undefined;
  const [, offset = "", length = "", sha256 = ""] = match;
  const trailer = {
    indexOffset: Number(offset),
    indexBytes: Number(length),
    indexSha256: Buffer.from(sha256, "hex"),
  };
  const inRange =
    Number.isSafeInteger(trailer.indexOffset) && Number.isSafeInteger(trailer.indexBytes);
  return inRange && encodeTrailer(trailer).equals(bytes) ? trailer : undefined;
}

const pattern =
  /\{"trailer":\{"offset":"(\d{16})","bytes":"(\d{16})","sha256":"([0-9a-f]{64})"\}\}/;

function padded(value: number): string {
  return String(value).padStart(digits, "0");
}
