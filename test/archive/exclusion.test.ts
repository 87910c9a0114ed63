import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packToMemory } from "./pack-tree.ts";
import { scratchDir } from "./scratch-dir.ts";
import { listMembers } from "./tar-listing.ts";

function makeTree(ignored?: string): string {
  const root = join(scratchDir(), "data");
  for (const folder of ["cache/deep", "world"]) mkdirSync(join(root, folder), { recursive: true });
  for (const file of ["cache/deep/a", "cache/b", "world/level.dat", "server.log", "keep.log"]) {
    writeFileSync(join(root, file), file);
  }
  if (ignored !== undefined) writeFileSync(join(root, ".backupignore"), ignored);
  return root;
}

async function packed(rootPath: string, excludePatterns: string[]) {
  const { bytes, summary } = await packToMemory({ rootPath, excludePatterns });
  return { names: listMembers(bytes).map(({ name }) => name), summary };
}

test("what the patterns exclude is left out, a directory with all that is in it, and counted", async () => {
  const { names, summary } = await packed(makeTree(), ["cache/", "*.log"]);
  expect(names).toEqual(["game", "game/world/level.dat", "game/world"]);
  expect(summary.excludedCount).toBe(3);
  expect(summary.warnings.count).toBe(0);
});

test("a .backupignore in the root comes after the patterns and may take names in again", async () => {
  const { names } = await packed(makeTree("!keep.log\r\n/cache\n"), ["*.log"]);
  expect(names).toEqual([
    "game",
    "game/.backupignore",
    "game/keep.log",
    "game/world/level.dat",
    "game/world",
  ]);
});

test("a .backupignore that is a symlink out of the tree is not read", async () => {
  const root = makeTree();
  writeFileSync(join(root, "../outside"), "*");
  symlinkSync("../outside", join(root, ".backupignore"));
  const { names } = await packed(root, []);
  expect(names).toContain("game/world/level.dat");
});

test("a .backupignore of more than 1 MiB fails and is named", async () => {
  const root = makeTree("x".repeat(1024 * 1024 + 1));
  await expect(packed(root, [])).rejects.toMatchObject({
    kind: "rejected",
    message: `${root}/.backupignore is larger than 1048576 bytes`,
  });
});

test("a tree of which everything is excluded is an archive of its root", async () => {
  const { names, summary } = await packed(makeTree(), ["*"]);
  expect(names).toEqual(["game"]);
  expect(summary.excludedCount).toBe(4);
});
