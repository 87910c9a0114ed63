import { gunzipSync, gzipSync, zstdDecompressSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeRoomBytes, encodeSegment, requireCompression, storedBytesMax } from "./codec.ts";
import type { Compression } from "./codec.ts";
import { readGzipHeader } from "./gzip-segment.ts";
import { readZstdHeader } from "./zstd-segment.ts";

const gzip6: Compression = { codec: "gzip", level: 6 };
const zstd3: Compression = { codec: "zstd", level: 3 };

function encoded(raw: Buffer, compression: Compression, borders: number[] = []): Buffer {
  const target = Buffer.alloc(encodeRoomBytes(compression.codec, raw.length));
  return Buffer.from(target.subarray(0, encodeSegment(compression, raw, target, borders)));
}

/** Bytes without any order, the same for the same seed. */
function noise(seed: number, sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  let state = seed | 1;
  for (let at = 0; at < sizeBytes; at += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[at] = state >>> 11;
  }
  return bytes;
}

function text(seed: number, sizeBytes: number): Buffer {
  const picks = noise(seed, Math.ceil(sizeBytes / 8));
  const words = ["oak_log ", "stone ", "at 12,64,", "INFO: ", "Ada found ", "\n[Server]"];
  return Buffer.from([...picks].map((pick) => words[pick % words.length]).join("")).subarray(
    0,
    sizeBytes,
  );
}

test("a gzip segment, byte by byte", () => {
  expect(encoded(Buffer.from("abc"), gzip6).toString("hex")).toBe(
    "1f8b080400000000" + // magic, deflate, extra field, no time
      "00ff0c00" + // no flags, system unknown, 12 bytes of extra field
      "4d4d0800" + // "MM", 8 bytes
      "2a00000003000000" + // 42 stored, 3 raw
      "000300fcff616263" + // a stored block
      "0300" + // the last block, empty
      "c241243503000000", // CRC-32, length
  );
});

test("a zstd segment begins with a skippable frame that says its lengths", () => {
  const segment = encoded(Buffer.from("abc"), zstd3);
  expect(segment.toString("hex", 0, 16)).toBe("502a4d18080000002000000003000000");
  expect(segment).toHaveLength(32);
  expect(segment.toString("hex", 16, 20)).toBe("28b52ffd");
  // Single segment, checksum, content size in one byte.
  expect(segment.toString("hex", 20, 22)).toBe("2403");
});

const piece = fc.record({
  kind: fc.constantFrom("noise", "text", "zeros"),
  seed: fc.integer({ min: 1, max: 1_000 }),
  sizeBytes: fc.integer({ min: 0, max: 100_000 }),
});

/** Pieces of different nature, one after the other, and where they meet. */
const mixtures = fc.array(piece, { maxLength: 12 }).map((pieces) => {
  const made = pieces.map(({ kind, seed, sizeBytes }) =>
    kind === "zeros" ? Buffer.alloc(sizeBytes) : (kind === "text" ? text : noise)(seed, sizeBytes),
  );
  const raw = Buffer.concat(made);
  let at = 0;
  const borders = made.map(({ length }) => (at += length));
  return { raw, borders };
});

test("whatever a segment is made of, it is decoded to that, says its lengths and grows by no more than is stated", () => {
  fc.assert(
    fc.property(mixtures, fc.integer({ min: 1, max: 9 }), ({ raw, borders }, level) => {
      const gzip = encoded(raw, { codec: "gzip", level }, borders);
      expect(gunzipSync(gzip).equals(raw)).toBe(true);
      const lengths = { storedBytes: gzip.length, rawBytes: raw.length };
      expect(readGzipHeader(gzip)).toEqual(lengths);
      expect(gzip.length).toBeLessThanOrEqual(storedBytesMax("gzip", raw.length));
      expect(encoded(raw, { codec: "gzip", level }, borders).equals(gzip)).toBe(true);
      const zstd = encoded(raw, { codec: "zstd", level });
      expect(zstdDecompressSync(zstd.subarray(16)).equals(raw)).toBe(true);
      expect(readZstdHeader(zstd)).toEqual({ storedBytes: zstd.length, rawBytes: raw.length });
      expect(zstd.length).toBeLessThanOrEqual(storedBytesMax("zstd", raw.length));
      expect(encoded(raw, { codec: "none" }).equals(raw)).toBe(true);
    }),
    { seed: 4, numRuns: 60 },
  );
});

test("segments one after the other are one gzip file", () => {
  const parts = [text(1, 300_000), noise(2, 200_000), Buffer.alloc(0), text(3, 10)];
  const file = Buffer.concat(parts.map((part) => encoded(part, gzip6)));
  expect(gunzipSync(file).equals(Buffer.concat(parts))).toBe(true);
});

test("2 MiB that do not compress grow by 199 bytes and no more", () => {
  const raw = noise(7, 2 * 1024 * 1024);
  expect(encoded(raw, gzip6).length - raw.length).toBe(199);
  expect(storedBytesMax("gzip", raw.length) - raw.length).toBe(199);
});

test("files that do not compress are stored even where headers of a tar stand between them", () => {
  const [header, file] = [text(1, 1_536), noise(7, 40_000)];
  const raw = Buffer.concat([header, file, header, file]);
  const apart = encoded(raw, gzip6, [1_536, 41_536, 43_072, 83_072]);
  // Stored bytes stand in it as they are.
  expect(apart.includes(file)).toBe(true);
  expect(apart.length).toBeLessThan(81_500);
  expect(gunzipSync(apart).equals(raw)).toBe(true);
});

test("what compresses becomes as small as gzip makes it", () => {
  const raw = Buffer.concat([text(1, 900_000), noise(2, 100_000), text(3, 900_000)]);
  const size = encoded(raw, gzip6, [900_000, 1_000_000]).length;
  expect(size / gzipSync(raw, { level: 6 }).length).toBeLessThan(1.005);
});

test("noise that repeats itself is not taken for noise", () => {
  const once = noise(9, 4_096);
  const raw = Buffer.concat(Array.from({ length: 16 }, () => once));
  expect(encoded(raw, gzip6).length).toBeLessThan(6_000);
});

test("a beginning that is not ours has no lengths", () => {
  const ours = encoded(Buffer.from("abc"), gzip6);
  expect(readGzipHeader(ours.subarray(0, 23))).toBeUndefined();
  expect(readGzipHeader(gzipSync("abc".repeat(20)))).toBeUndefined();
  expect(readZstdHeader(ours)).toBeUndefined();
});

test.each<[Compression, string]>([
  [{ codec: "gzip", level: 0 }, "gzip level 0 is not a whole number from 1 to 9"],
  [{ codec: "gzip", level: 10 }, "gzip level 10 is not a whole number from 1 to 9"],
  [{ codec: "zstd", level: 20 }, "zstd level 20 is not a whole number from 1 to 19"],
  [{ codec: "zstd", level: 1.5 }, "zstd level 1.5 is not a whole number from 1 to 19"],
])("%o is refused", (compression, words) => {
  expect(() => requireCompression(compression)).toThrow(new RangeError(words));
});
