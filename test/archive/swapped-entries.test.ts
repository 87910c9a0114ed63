import { execFileSync } from "node:child_process";
import {
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openBelow } from "./open-descriptors.ts";
import { scannedPack, type PackedTree } from "./scanned-pack.ts";
import { scratchDir } from "./scratch-dir.ts";

const secret = "what lies outside the tree";

/** A tree of `a/inner` and `b`, and something beside it that no archive may hold. */
function makeTree(): string {
  const dir = scratchDir();
  const root = join(dir, "data");
  mkdirSync(join(root, "a"), { recursive: true });
  writeFileSync(join(root, "a/inner"), "inner");
  writeFileSync(join(root, "b"), "b");
  mkdirSync(join(dir, "outside"));
  writeFileSync(join(dir, "outside/inner"), secret);
  return root;
}

const inner = { path: "game/a/inner", kind: "file", data: "inner" };
const b = { path: "game/b", kind: "file", data: "b" };
const directory = { path: "game/a/", kind: "directory" };

describe.each([
  { moment: "after the root was listed", swapAfter: "listing" },
  { moment: "after everything was looked at", swapAfter: "scan" },
] as const)("$moment", ({ swapAfter }) => {
  async function packWith(swap: (root: string) => void): Promise<PackedTree> {
    const root = makeTree();
    const packed = await scannedPack(root, swapAfter, () => swap(root));
    expect(openBelow(join(root, ".."))).toEqual([]);
    expect(packed.raw.includes(secret)).toBe(false);
    return packed;
  }

  test("nothing is left out of a tree that nobody touches", async () => {
    const { found } = await packWith(() => undefined);
    expect(found).toEqual([inner, b, directory]);
  });

  test("a file swapped for a symlink is not followed", async () => {
    const { found } = await packWith((root) => {
      unlinkSync(join(root, "b"));
      symlinkSync("../outside/inner", join(root, "b"));
    });
    const link = { path: "game/b", kind: "symlink", target: "../outside/inner" };
    // Nothing but the listing had said that it was a file.
    const asListed = swapAfter === "listing" ? link : { path: "game/b", reason: "replaced" };
    expect(found).toEqual([inner, asListed, directory]);
  });

  test("a directory swapped for a symlink is not followed", async () => {
    const { found } = await packWith((root) => {
      renameSync(join(root, "a"), join(root, "../moved"));
      symlinkSync("../outside", join(root, "a"));
    });
    expect(found).toEqual(
      swapAfter === "listing"
        ? [{ path: "game/a/", reason: "replaced" }, b]
        : [{ path: "game/a/inner", reason: "replaced" }, b, directory],
    );
  });

  test("a file swapped for a fifo hangs nobody", async () => {
    const { found } = await packWith((root) => {
      unlinkSync(join(root, "b"));
      execFileSync("mkfifo", [join(root, "b")]);
    });
    expect(found).toEqual([inner, { path: "game/b", reason: "replaced" }, directory]);
  });

  test("a file swapped for a directory is left out", async () => {
    const { found } = await packWith((root) => {
      unlinkSync(join(root, "b"));
      mkdirSync(join(root, "b"));
    });
    expect(found).toEqual([inner, { path: "game/b", reason: "replaced" }, directory]);
  });

  test("a file and a directory that vanish are left out", async () => {
    const { found } = await packWith((root) => {
      rmSync(join(root, "a"), { recursive: true });
      unlinkSync(join(root, "b"));
    });
    expect(found).toEqual(
      swapAfter === "listing"
        ? [
            { path: "game/a/", reason: "vanished" },
            { path: "game/b", reason: "vanished" },
          ]
        : [
            { path: "game/a/inner", reason: "vanished" },
            { path: "game/b", reason: "vanished" },
            directory,
          ],
    );
  });

  test("a file saved anew by rename is taken as it is now", async () => {
    const { found } = await packWith((root) => {
      writeFileSync(join(root, "b.tmp"), "new");
      renameSync(join(root, "b.tmp"), join(root, "b"));
    });
    expect(found).toEqual([inner, { path: "game/b", kind: "file", data: "new" }, directory]);
  });

  test("a symlink that is made anew is taken as it is now", async () => {
    const root = makeTree();
    symlinkSync("a", join(root, "link"));
    const { found } = await scannedPack(root, swapAfter, () => {
      unlinkSync(join(root, "link"));
      symlinkSync("b", join(root, "link"));
    });
    expect(found[2]).toEqual({ path: "game/link", kind: "symlink", target: "b" });
  });
});

test("when the name that was to carry the data is gone, the next one carries it", async () => {
  const root = makeTree();
  writeFileSync(join(root, "x1"), "linked");
  for (const name of ["x2", "x3"]) linkSync(join(root, "x1"), join(root, name));
  const { found } = await scannedPack(root, "scan", () => unlinkSync(join(root, "x1")));
  expect(found.slice(2, 5)).toEqual([
    { path: "game/x1", reason: "vanished" },
    { path: "game/x2", kind: "file", data: "linked" },
    { path: "game/x3", kind: "hardlink", target: "game/x2" },
  ]);
});

test("when the name that was to carry the data became another file, the others do not lead to that", async () => {
  const root = makeTree();
  writeFileSync(join(root, "x1"), "linked");
  for (const name of ["x2", "x3"]) linkSync(join(root, "x1"), join(root, name));
  const { found } = await scannedPack(root, "scan", () => {
    writeFileSync(join(root, "new"), "another");
    renameSync(join(root, "new"), join(root, "x1"));
  });
  expect(found.slice(2, 5)).toEqual([
    { path: "game/x1", kind: "file", data: "another" },
    { path: "game/x2", kind: "file", data: "linked" },
    { path: "game/x3", kind: "hardlink", target: "game/x2" },
  ]);
});

test("a large name that was to carry the data and is gone hands it to the next one", async () => {
  const root = makeTree();
  const large = Buffer.alloc(3 * 1024 * 1024, "large");
  writeFileSync(join(root, "x1"), large);
  for (const name of ["x2", "x3"]) linkSync(join(root, "x1"), join(root, name));
  const { found } = await scannedPack(root, "scan", () => unlinkSync(join(root, "x1")));
  expect(found.slice(2, 5)).toEqual([
    { path: "game/x1", reason: "vanished" },
    { path: "game/x2", kind: "file", data: large.toString() },
    { path: "game/x3", kind: "hardlink", target: "game/x2" },
  ]);
});

test("a link that became a file of its own is one", async () => {
  const root = makeTree();
  writeFileSync(join(root, "x1"), "linked");
  linkSync(join(root, "x1"), join(root, "x2"));
  const { found } = await scannedPack(root, "scan", () => {
    unlinkSync(join(root, "x2"));
    writeFileSync(join(root, "x2"), "its own");
  });
  expect(found.slice(2, 4)).toEqual([
    { path: "game/x1", kind: "file", data: "linked" },
    { path: "game/x2", kind: "file", data: "its own" },
  ]);
});
