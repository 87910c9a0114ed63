import { constants, inflateRawSync, zstdDecompressSync } from "node:zlib";
import { expect, test } from "vitest";
import {
  keptDeflate,
  keptZstd,
  plainDeflate,
  plainZstd,
  type KeptCompressor,
} from "./kept-compressor.ts";

const target = Buffer.alloc(200_000);

function pieceOf(line: string, sizeBytes: number): Buffer {
  return Buffer.alloc(sizeBytes, line);
}

const pieces = [
  pieceOf("[Server] Ada found oak_log at 12,64,7\n", 150_000),
  pieceOf("a", 1),
  Buffer.from(Array.from({ length: 60_000 }, (_, at) => (at * at * 31 + (at >> 3)) & 0xff)),
  pieceOf("", 0),
  pieceOf('{"x":1,"y":64}', 70_000),
];

const kinds = [
  { name: "deflate", level: 6, kept: keptDeflate, plain: plainDeflate },
  { name: "deflate", level: 1, kept: keptDeflate, plain: plainDeflate },
  { name: "zstd", level: 3, kept: keptZstd, plain: plainZstd },
  { name: "zstd", level: 19, kept: keptZstd, plain: plainZstd },
] as const;

test.each(kinds)(
  "one kept $name of level $level gives piece after piece what node:zlib gives for each alone",
  ({ level, kept, plain }) => {
    for (const piece of [...pieces, ...pieces.toReversed()]) {
      const keptBytes = compressed(kept(level), piece);
      expect(keptBytes).toEqual(compressed(plain(level), piece));
    }
  },
);

test("what was compressed is decoded to what it was", () => {
  const [text = Buffer.alloc(0)] = pieces;
  const finishFlush = constants.Z_SYNC_FLUSH;
  expect(inflateRawSync(compressed(keptDeflate(6), text), { finishFlush })).toEqual(text);
  expect(zstdDecompressSync(compressed(keptZstd(3), text))).toEqual(text);
});

test.each(kinds)("$name of level $level says when there is no room", ({ level, kept, plain }) => {
  const [text = Buffer.alloc(0)] = pieces;
  const bytes = compressed(kept(level), text).length;
  expect(kept(level)(text, target.subarray(0, bytes))).toBeUndefined();
  expect(plain(level)(text, target.subarray(0, bytes))).toBeUndefined();
  expect(kept(level)(text, target.subarray(0, bytes + 1))).toBe(bytes);
});

test("this Node's streams are inside as they are known to be, so that the short way is taken", () => {
  expect(keptDeflate(9).name).toBe("fast");
  expect(keptZstd(9).name).toBe("fast");
});

function compressed(compressor: KeptCompressor, piece: Buffer): Buffer {
  const bytes = compressor(piece, target);
  if (bytes === undefined) throw new Error("no room");
  return Buffer.from(target.subarray(0, bytes));
}
