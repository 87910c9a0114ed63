import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { packArchive } from "@manman/archive/pack/pack-archive.ts";
import { expect, test } from "vitest";
import { packOptions, packToMemory } from "./pack-tree.ts";
import { scratchDir } from "./scratch-dir.ts";
import { listMembers } from "./tar-listing.ts";

test("a root that does not exist fails and is named", async () => {
  const root = join(scratchDir(), "nothing-here");
  await expect(packToMemory({ rootPath: root })).rejects.toMatchObject({
    name: "Fault",
    kind: "missing",
    message: `open ${root}: ENOENT (no such file or directory)`,
  });
});

test("a root that is a file fails", async () => {
  const root = join(scratchDir(), "file");
  writeFileSync(root, "");
  await expect(packToMemory({ rootPath: root })).rejects.toMatchObject({
    kind: "rejected",
    message: `open ${root}: ENOTDIR (not a directory)`,
  });
});

test("an empty root is refused or packed, as asked", async () => {
  const root = join(scratchDir(), "data");
  mkdirSync(root);
  await expect(packToMemory({ rootPath: root, emptyRoot: "refuse" })).rejects.toMatchObject({
    kind: "missing",
    message: `pack ${root}: it is empty; is its disk mounted?`,
  });
  const { bytes, summary } = await packToMemory({ rootPath: root, emptyRoot: "allow" });
  expect(summary.entries).toBe(1);
  expect(listMembers(bytes)).toMatchObject([{ name: "game", type: "directory" }]);
});

test("a root that is a symlink to a directory is followed, and only there", async () => {
  const dir = scratchDir();
  mkdirSync(join(dir, "real/below"), { recursive: true });
  writeFileSync(join(dir, "real/below/file"), "data");
  symlinkSync("below", join(dir, "real/link"));
  symlinkSync("real", join(dir, "data"));
  const { bytes } = await packToMemory({ rootPath: Buffer.from(join(dir, "data")) });
  expect(listMembers(bytes).map(({ name, type }) => [name, type])).toEqual([
    ["game", "directory"],
    ["game/below/file", "file"],
    ["game/link", "symlink"],
    ["game/below", "directory"],
  ]);
});

test("a root whose name is no text is packed", async () => {
  const dir = scratchDir();
  const root = Buffer.concat([Buffer.from(`${dir}/`), Buffer.from([0xff, 0xe9])]);
  mkdirSync(root);
  writeFileSync(Buffer.concat([root, Buffer.from("/file")]), "data");
  const { bytes } = await packToMemory({ rootPath: root, rootName: "grüße" });
  expect(listMembers(bytes).map(({ name }) => Buffer.from(name, "latin1").toString())).toEqual([
    "grüße",
    "grüße/file",
  ]);
});

test("a root that is swapped for another one while it is read fails", async () => {
  const dir = scratchDir();
  const root = join(dir, "data");
  mkdirSync(root);
  writeFileSync(join(root, "file"), "data");
  const packing = packWhile(root, () => {
    renameSync(root, join(dir, "old"));
    mkdirSync(root);
  });
  await expect(packing).rejects.toMatchObject({
    kind: "away",
    message: `pack ${root}: another directory took its place meanwhile`,
  });
});

test("a root that is removed while it is read fails", async () => {
  const root = join(scratchDir(), "data");
  mkdirSync(root);
  writeFileSync(join(root, "file"), "data");
  const packing = packWhile(root, () => rmSync(root, { recursive: true }));
  await expect(packing).rejects.toMatchObject({ kind: "missing" });
});

test("a name or level that no archive can have is refused before anything is read", () => {
  const rootPath = "/";
  for (const rootName of ["", ".", "..", "a/b", "a\u0000b", "n".repeat(256)]) {
    expect(() => packArchive(packOptions({ rootPath, rootName }))).toThrow(RangeError);
  }
  for (const level of [-1, 0, 10, 1.5, Number.NaN]) {
    const compression = { codec: "gzip", level } as const;
    expect(() => packArchive(packOptions({ rootPath, compression }))).toThrow(RangeError);
  }
});

test("the summary cannot be had before the end", () => {
  const packed = packArchive(packOptions({ rootPath: "/" }));
  expect(() => packed.summary()).toThrow("has not been read to its end");
});

/** Packs a tree and does something to it once the first chunk, the root's header, is out. */
async function packWhile(rootPath: string, meanwhile: () => void): Promise<void> {
  let isFirst = true;
  for await (const chunk of packArchive(packOptions({ rootPath })).bytes) {
    if (isFirst && chunk.length > 0) meanwhile();
    isFirst = false;
  }
}
