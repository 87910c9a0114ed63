// Opens a manifest: its end, its index and its header, and nothing else.
import { headerTextBytesMax, indexTextBytesMax } from "./manifest-bounds.ts";
import { decodeHeader } from "./manifest-header.ts";
import { decodeIndex, type ManifestIndex } from "./manifest-index.ts";
import { decodeLine } from "./manifest-line.ts";
import { Manifest } from "./manifest-reader.ts";
import { corrupt, readChecked, readExactly, requireDigest, within } from "./manifest-reading.ts";
import type { ManifestHeader } from "./manifest-records.ts";
import { decodeTrailer, trailerBytes } from "./manifest-trailer.ts";
import type { ReadRanges } from "../read-ranges.ts";

/** One read of the end most often brings trailer and index at once. */
const endBytes = 128 * 1024;

/**
 * Opens a manifest. Fails with a Fault: `corrupt` when it is not, to the last bit of its trailer, index and header, what a packer
 * writes, or when it belongs to another server game config than `sgcId`, where that is given.
 */
export async function openManifest(
  ranges: ReadRanges,
  expected: { readonly sgcId?: bigint } = {},
): Promise<Manifest> {
  const { sizeBytes } = ranges;
  if (sizeBytes < trailerBytes)
    throw corrupt("manifest", `has ${sizeBytes} bytes, which is no manifest`);
  const endOffset = Math.max(0, sizeBytes - endBytes);
  const end = await readExactly(ranges, endOffset, sizeBytes - endOffset);
  const index = await readIndex(ranges, end, endOffset);
  const header = await readHeader(ranges, index);
  if (expected.sgcId !== undefined && header.who.sgcId !== expected.sgcId) {
    throw corrupt(
      "manifest header",
      `is of server game config ${header.who.sgcId}, not ${expected.sgcId}`,
    );
  }
  return new Manifest(ranges, header, index);
}

async function readIndex(
  ranges: ReadRanges,
  end: Buffer,
  endOffset: number,
): Promise<ManifestIndex> {
  const trailer = decodeTrailer(end.subarray(-trailerBytes));
  if (trailer === undefined)
    throw corrupt("manifest trailer", "is not one: the end is cut off or damaged");
  const { indexOffset, indexBytes, indexSha256 } = trailer;
  if (indexOffset + indexBytes + trailerBytes !== ranges.sizeBytes) {
    throw corrupt("manifest trailer", "places the index where it cannot be");
  }
  if (indexBytes > indexTextBytesMax) throw corrupt("manifest index", "is larger than any");
  const held = indexOffset >= endOffset;
  const stored = held
    ? end.subarray(indexOffset - endOffset, indexOffset - endOffset + indexBytes)
    : await readExactly(ranges, indexOffset, indexBytes);
  requireDigest(stored, indexSha256, "manifest index");
  return await within("manifest index", async () =>
    decodeIndex(await decodeLine(stored, indexTextBytesMax), indexOffset),
  );
}

async function readHeader(ranges: ReadRanges, { blocks }: ManifestIndex): Promise<ManifestHeader> {
  const [block] = blocks;
  if (block === undefined) throw corrupt("manifest index", "names no header");
  const stored = await readChecked(ranges, block, "manifest header");
  return await within("manifest header", async () =>
    decodeHeader(await decodeLine(stored, headerTextBytesMax)),
  );
}
