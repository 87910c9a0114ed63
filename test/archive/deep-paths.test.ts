import { execFileSync } from "node:child_process";
import { closeSync, linkSync, mkdirSync, openSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { packToMemory } from "./pack-tree.ts";
import { scratchDir } from "./scratch-dir.ts";
import { listMembers } from "./tar-listing.ts";

const name = "d".repeat(200);

/** Goes down through descriptors, because no path of this length can be given to the kernel. */
function makeDeep(root: string, depth: number): void {
  mkdirSync(root);
  onTestFinished(() => void execFileSync("rm", ["-rf", root]));
  let fd = openSync(root, "r");
  for (let level = 0; level < depth; level += 1) {
    mkdirSync(`/proc/self/fd/${fd}/${name}`);
    const next = openSync(`/proc/self/fd/${fd}/${name}`, "r");
    closeSync(fd);
    fd = next;
  }
  const at = (file: string): string => `/proc/self/fd/${fd}/${file}`;
  writeFileSync(at("small"), "small");
  writeFileSync(at("large"), Buffer.alloc(3 * 1024 * 1024, "large"));
  symlinkSync("small", at("symlink"));
  linkSync(at("small"), at("z-hardlink"));
  closeSync(fd);
}

test("what lies deeper than any path reaches is packed", async () => {
  const root = join(scratchDir(), "data");
  makeDeep(root, 30);
  const { bytes, summary } = await packToMemory({ rootPath: root });
  const below = `game/${`${name}/`.repeat(30)}`;
  expect(listMembers(bytes).slice(1, 5)).toMatchObject([
    { name: `${below}large`, type: "file", size: 3_145_728 },
    { name: `${below}small`, type: "file", size: 5 },
    { name: `${below}symlink`, type: "symlink", link: "small" },
    { name: `${below}z-hardlink`, type: "hardlink", link: `${below}small` },
  ]);
  expect(summary.warnings.count).toBe(0);
});
