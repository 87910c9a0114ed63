import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { packArchive } from "@manman/archive/pack/pack-archive.ts";
import { expect, test } from "vitest";
import { SeededRandom } from "../worlds/seeded-random.ts";
import { openBelow } from "./open-descriptors.ts";
import { packOptions } from "./pack-tree.ts";
import { scratchDir } from "./scratch-dir.ts";

/** Files large enough to be held open, deep enough for several directories to be open too. */
function deepTree(): string {
  const root = join(scratchDir(), "data");
  const folder = join(root, "a/b/c");
  mkdirSync(folder, { recursive: true });
  for (let i = 0; i < 40; i += 1) {
    writeFileSync(join(folder, String(i)), new SeededRandom(i).bytes(1.5 * 1024 * 1024));
  }
  return root;
}

test("an abort ends the bytes with its reason and leaves nothing open", async () => {
  const root = deepTree();
  const aborting = new AbortController();
  const packed = packArchive(packOptions({ rootPath: root, signal: aborting.signal }));
  const openAtChunk: number[] = [];
  const taking = (async () => {
    for await (const chunk of packed.bytes) {
      expect(chunk.length).toBeGreaterThan(0);
      openAtChunk.push(openBelow(root).length);
      if (openAtChunk.length === 2) aborting.abort(new Error("enough"));
    }
  })();
  await expect(taking).rejects.toThrow("enough");
  expect(openAtChunk).toHaveLength(2);
  expect(openAtChunk[1]).toBeGreaterThan(4);
  expect(openBelow(root)).toEqual([]);
  expect(() => packed.summary()).toThrow("has not been read to its end");
});

test("an abort closes everything even when nobody takes another chunk", async () => {
  const root = deepTree();
  const aborting = new AbortController();
  const packed = packArchive(packOptions({ rootPath: root, signal: aborting.signal }));
  const bytes = packed.bytes[Symbol.asyncIterator]();
  await bytes.next();
  aborting.abort(new Error("enough"));
  await expect.poll(() => openBelow(root)).toEqual([]);
  await expect(bytes.next()).rejects.toThrow("enough");
});

test("a taker that stops early leaves nothing open", async () => {
  const root = deepTree();
  const packed = packArchive(packOptions({ rootPath: root }));
  for await (const chunk of packed.bytes) if (chunk.length > 0) break;
  expect(openBelow(root)).toEqual([]);
});

test("a signal that was aborted before opens nothing", async () => {
  const packed = packArchive(
    packOptions({ rootPath: "/nowhere", signal: AbortSignal.abort(new Error("too late")) }),
  );
  await expect(packed.bytes[Symbol.asyncIterator]().next()).rejects.toThrow("too late");
});

test("a failing progress callback fails the pack", async () => {
  const root = deepTree();
  const packed = packArchive(
    packOptions({
      rootPath: root,
      onProgress: () => {
        throw new Error("cannot show");
      },
    }),
  );
  const taking = (async () => {
    for await (const chunk of packed.bytes) expect(chunk.length).toBeGreaterThan(0);
  })();
  await expect(taking).rejects.toThrow("cannot show");
  expect(openBelow(root)).toEqual([]);
});
