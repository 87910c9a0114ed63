import { execFileSync } from "node:child_process";
import { linkSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packToMemory } from "./pack-tree.ts";
import { scratchDir } from "./scratch-dir.ts";
import { listMembers } from "./tar-listing.ts";

test("the root comes first, then what is no directory by bytes, then directories after those inside them", async () => {
  const root = join(scratchDir(), "data");
  const directories = ["a", "a-c", "a/deep/empty", "z"];
  for (const path of directories) mkdirSync(join(root, path), { recursive: true });
  const files = ["a-b", "a.b", "a0", "B", "é", "a/x", "a/deep/y", "a-c/x", "z/z"];
  for (const path of files) writeFileSync(join(root, path), path);
  symlinkSync("x", join(root, "a/link"));
  const { bytes, summary } = await packToMemory({ rootPath: root });
  const listing = execFileSync("tar", ["-tzf", "-"], { input: bytes, env: { LC_ALL: "C" } });
  expect(listing.toString().trimEnd().split("\n")).toEqual([
    "game/",
    "game/B",
    "game/a-b",
    "game/a-c/x",
    "game/a.b",
    "game/a/deep/y",
    "game/a/link",
    "game/a/x",
    "game/a0",
    "game/z/z",
    String.raw`game/\303\251`,
    "game/z/",
    "game/a/deep/empty/",
    "game/a/deep/",
    "game/a/",
    "game/a-c/",
  ]);
  expect(summary).toMatchObject({ entries: 16, files: 9, directories: 6 });
});

test("the first name of a hard-linked file carries the data, whichever was made first", async () => {
  const root = join(scratchDir(), "data");
  mkdirSync(join(root, "a"), { recursive: true });
  writeFileSync(join(root, "z-made-first"), "data");
  linkSync(join(root, "z-made-first"), join(root, "m"));
  linkSync(join(root, "z-made-first"), join(root, "a/first-in-order"));
  const { bytes, summary } = await packToMemory({ rootPath: root });
  const members = listMembers(bytes).filter(({ type }) => type !== "directory");
  expect(members).toMatchObject([
    { name: "game/a/first-in-order", type: "file", size: 4 },
    { name: "game/m", type: "hardlink", link: "game/a/first-in-order" },
    { name: "game/z-made-first", type: "hardlink", link: "game/a/first-in-order" },
  ]);
  expect(summary.files).toBe(3);
});

test("a file whose other name lies outside the tree is a file", async () => {
  const dir = scratchDir();
  mkdirSync(join(dir, "data"));
  writeFileSync(join(dir, "outside"), "data");
  linkSync(join(dir, "outside"), join(dir, "data/inside"));
  const { bytes } = await packToMemory({ rootPath: join(dir, "data") });
  expect(listMembers(bytes)).toMatchObject([
    { name: "game" },
    { name: "game/inside", type: "file" },
  ]);
});

test("hard-linked symlinks stay one inode", async () => {
  const root = join(scratchDir(), "data");
  mkdirSync(root);
  symlinkSync("nowhere", join(root, "a"));
  linkSync(join(root, "a"), join(root, "b"));
  const { bytes } = await packToMemory({ rootPath: root });
  expect(listMembers(bytes)).toMatchObject([
    { name: "game" },
    { name: "game/a", type: "symlink", link: "nowhere" },
    { name: "game/b", type: "hardlink", link: "game/a" },
  ]);
});

test("no times but the modification time stand in the archive", async () => {
  const root = join(scratchDir(), "data");
  mkdirSync(root);
  writeFileSync(join(root, "file"), "");
  const { bytes } = await packToMemory({ rootPath: root });
  for (const { pax } of listMembers(bytes)) {
    expect(Object.keys(pax)).toEqual(["mtime"]);
    expect(pax["mtime"]).toMatch(/^\d+\.\d{9}$/);
  }
});
