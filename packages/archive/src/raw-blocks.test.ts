import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { RawBlocks } from "./raw-blocks.ts";

test("pieces of any size come out in blocks of one size, the last one shorter", async () => {
  const taken: string[] = [];
  const blocks = new RawBlocks(4, async (block) => {
    taken.push(block.toString());
  });
  await blocks.append(Buffer.from("ab"));
  await blocks.append(Buffer.from("cdefghijk"));
  await blocks.appendZeros(3);
  const digest = await blocks.end();
  expect(taken).toEqual(["abcd", "efgh", "ijk\0", "\0\0"]);
  expect(blocks.rawBytes).toBe(14);
  expect(digest).toBe(createHash("sha256").update("abcdefghijk\0\0\0").digest("hex"));
});

test("no empty block follows when the last one is full", async () => {
  const taken: number[] = [];
  const blocks = new RawBlocks(4, async (block) => {
    taken.push(block.length);
  });
  await blocks.append(Buffer.from("abcdefgh"));
  await blocks.end();
  expect(taken).toEqual([4, 4]);
});

test("a block is not written again before the sink has used it", async () => {
  const sinks: { block: Buffer; used: () => void }[] = [];
  const blocks = new RawBlocks(2, async (block) => {
    await new Promise<void>((used) => {
      sinks.push({ block, used });
    });
  });
  await blocks.append(Buffer.from("aabb".slice(0, 2)));
  let third = false;
  const rest = blocks.append(Buffer.from("bbcc")).then(() => {
    third = true;
  });
  await Promise.resolve();
  expect(sinks.map(({ block }) => block.toString())).toEqual(["aa"]);
  expect(third).toBe(false);
  sinks[0]?.used();
  await expect.poll(() => sinks.length).toBe(2);
  sinks[1]?.used();
  await rest;
  expect(sinks.map(({ block }) => block.toString())).toEqual(["cc", "bb", "cc"]);
});

test("a sink's failure reaches whoever appends", async () => {
  const blocks = new RawBlocks(2, async () => {
    throw new Error("no more");
  });
  await blocks.append(Buffer.from("aa"));
  await expect(blocks.append(Buffer.from("bb"))).rejects.toThrow("no more");
});

test("a sink's failure on the last block reaches the end", async () => {
  const blocks = new RawBlocks(2, async () => {
    throw new Error("no more");
  });
  await blocks.append(Buffer.from("a"));
  await expect(blocks.end()).rejects.toThrow("no more");
});
