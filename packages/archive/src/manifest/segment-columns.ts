// Writes segments as columns, and reads them back.
import { segmentBytesMax } from "./manifest-bounds.ts";
import {
  base64Of,
  digestColumn,
  objectOf,
  requireCount,
  textField,
  wholeColumn,
  wholeField,
  type JsonObject,
} from "./json-fields.ts";
import type { PlacedSegment, SegmentRecord } from "./manifest-records.ts";

/** Where the first of the segments stands: its number, and its offset in the archive. */
export type SegmentStart = { readonly number: number; readonly offset: number };

export function encodeSegments(
  segments: readonly SegmentRecord[],
  start: SegmentStart,
): JsonObject {
  return {
    first: start.number,
    offset: start.offset,
    stored: segments.map(({ storedBytes }) => storedBytes),
    raw: segments.map(({ rawBytes }) => rawBytes),
    entries: segments.map(({ entryCount }) => entryCount),
    data: segments.map(({ chunk }) => chunk?.dataBytes ?? 0),
    origin: segments.map(({ origin }) => origin.charAt(0)).join(""),
    verifiedMs: segments.map(({ verifiedAtMs }) => verifiedAtMs),
    storedSha256: base64Of(Buffer.concat(segments.map(({ storedSha256 }) => storedSha256))),
    dataSha256: base64Of(
      Buffer.concat(segments.flatMap(({ chunk }) => (chunk === null ? [] : [chunk.dataSha256]))),
    ),
  };
}

/** The segments of one block, the first of which is number `first`. Fails with an Error that names the column. */
export function decodeSegments(value: unknown, count: number, first: number): PlacedSegment[] {
  const columns = objectOf(value, "segments");
  if (wholeField(columns, "first") !== first) throw new Error(`first is not segment ${first}`);
  let offset = wholeField(columns, "offset");
  const stored = wholeColumn(columns, "stored", count, segmentBytesMax, 1);
  const raw = wholeColumn(columns, "raw", count, segmentBytesMax, 1);
  const entries = wholeColumn(columns, "entries", count, segmentBytesMax);
  const origins = textField(columns, "origin", count);
  requireCount("origin", origins.length, count);
  const verified = wholeColumn(columns, "verifiedMs", count);
  const storedDigests = digestColumn(columns, "storedSha256", count);
  const data = wholeColumn(columns, "data", count, segmentBytesMax);
  const chunkDigests = digestColumn(
    columns,
    "dataSha256",
    data.filter((bytes) => bytes > 0).length,
  );
  let chunks = 0;
  return stored.map((storedBytes, at) => {
    const rawBytes = raw[at] as number;
    const dataBytes = data[at] as number;
    if (dataBytes > rawBytes)
      throw new Error(`data of segment ${first + at} is more than its raw bytes`);
    const dataSha256 = dataBytes > 0 ? (chunkDigests[chunks++] as Buffer) : undefined;
    const placed: PlacedSegment = {
      number: first + at,
      offset,
      storedBytes,
      rawBytes,
      entryCount: entries[at] as number,
      origin: originOf(origins[at]),
      verifiedAtMs: verified[at] as number,
      storedSha256: storedDigests[at] as Buffer,
      chunk: dataSha256 === undefined ? null : { dataBytes, dataSha256 },
    };
    offset += storedBytes;
    return placed;
  });
}

function originOf(letter: string | undefined): SegmentRecord["origin"] {
  if (letter === "m") return "made";
  if (letter === "c") return "copied";
  throw new Error("origin holds another letter than m and c");
}
