import {
  appendFileSync,
  chmodSync,
  chownSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { scratchDir } from "../archive/scratch-dir.ts";
import { compareTrees } from "./compare-trees.ts";
import { setTimes } from "./set-times.ts";
import { treePaths } from "./tree-paths.ts";

const timeNs = 1_700_000_000_000_000_000n;

function makeTree(root: string): void {
  mkdirSync(join(root, "dir"), { recursive: true });
  writeFileSync(join(root, "dir/file"), "data");
  writeFileSync(join(root, "one"), "linked");
  linkSync(join(root, "one"), join(root, "two"));
  symlinkSync("one", join(root, "symlink"));
  setTimes(treePaths(root).map((path) => ({ path, mtimeNs: timeNs })));
}

/** What is found between two equal trees after something was done to the second. */
function differencesAfter(change: (root: string) => void): string[] {
  const dir = scratchDir();
  const [left, right] = [join(dir, "left"), join(dir, "right")];
  makeTree(left);
  makeTree(right);
  change(right);
  // A changed entry changes its directory's time as well, which is not what each of these tests is about.
  setTimes([
    { path: Buffer.from(right), mtimeNs: timeNs },
    { path: Buffer.from(join(right, "dir")), mtimeNs: timeNs },
  ]);
  return compareTrees(left, right).map((line) => line.replaceAll(dir, ""));
}

test("equal trees have no difference", () => {
  expect(differencesAfter(() => undefined)).toEqual([]);
});

test.each<{ what: string; change: (root: string) => void; found: string[] }>([
  {
    what: "a mode",
    change: (root) => {
      chmodSync(join(root, "dir"), 0o700);
    },
    found: ["/dir: mode 755 / 700"],
  },
  ...(process.getuid?.() === 0
    ? [
        {
          what: "an owner",
          change: (root: string) => {
            chownSync(join(root, "dir/file"), 1, 2);
          },
          found: ["/dir/file: uid 0 / 1", "/dir/file: gid 0 / 2"],
        },
      ]
    : []),
  {
    what: "one nanosecond",
    change: (root) => {
      setTimes([{ path: Buffer.from(join(root, "dir/file")), mtimeNs: timeNs + 1n }]);
    },
    found: ["/dir/file: mtime 1700000000000000000 / 1700000000000000001"],
  },
  {
    what: "a symlink's time",
    change: (root) => {
      lutimesSync(join(root, "symlink"), 1, 1);
    },
    found: ["/symlink: mtime 1700000000000000000 / 1000000000"],
  },
  {
    what: "content of the same size",
    change: (root) => {
      writeFileSync(join(root, "dir/file"), "DATA");
      utimesSync(join(root, "dir/file"), 1_700_000_000, 1_700_000_000);
    },
    found: ["/dir/file: content"],
  },
  {
    what: "a size",
    change: (root) => {
      appendFileSync(join(root, "dir/file"), "more");
      utimesSync(join(root, "dir/file"), 1_700_000_000, 1_700_000_000);
    },
    found: ["/dir/file: size 4 / 8"],
  },
  {
    what: "a symlink's target",
    change: (root) => {
      unlinkSync(join(root, "symlink"));
      symlinkSync("two", join(root, "symlink"));
      lutimesSync(join(root, "symlink"), 1_700_000_000, 1_700_000_000);
    },
    found: ["/symlink: target one / two"],
  },
  {
    what: "a hard link that became a copy",
    change: (root) => {
      unlinkSync(join(root, "two"));
      writeFileSync(join(root, "two"), "linked");
      utimesSync(join(root, "two"), 1_700_000_000, 1_700_000_000);
    },
    found: ["/two: hard link to /one / /two"],
  },
  {
    what: "a kind",
    change: (root) => {
      unlinkSync(join(root, "dir/file"));
      mkdirSync(join(root, "dir/file"));
    },
    found: ["/dir/file: kind file / directory"],
  },
  {
    what: "something missing",
    change: (root) => {
      unlinkSync(join(root, "dir/file"));
    },
    found: ["/dir/file: only in /left"],
  },
  {
    what: "something added",
    change: (root) => {
      writeFileSync(Buffer.from(`${root}/dir/\xe9`, "latin1"), "");
    },
    found: [String.raw`/dir/\xE9: only in /right`],
  },
])("$what is found", ({ change, found }) => {
  expect(differencesAfter(change)).toEqual(found);
});
