import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { scratchDir } from "../archive/scratch-dir.ts";
import { compareTrees } from "./compare-trees.ts";
import { makeMixedWorld } from "./mixed-world.ts";
import { treePaths } from "./tree-paths.ts";

const size = { seed: 3, files: 300, bytes: 3_000_000 };

test("the same seed makes the same world, another one another", () => {
  const dir = scratchDir();
  makeMixedWorld(join(dir, "one"), size);
  makeMixedWorld(join(dir, "two"), size);
  makeMixedWorld(join(dir, "other"), { ...size, seed: 4 });
  expect(compareTrees(join(dir, "one"), join(dir, "two"))).toEqual([]);
  expect(compareTrees(join(dir, "one"), join(dir, "other")).length).toBeGreaterThan(300);
});

test("a world has the files and bytes that were asked for, two thirds of them incompressible", () => {
  const world = join(scratchDir(), "world");
  makeMixedWorld(world, size);
  const files = treePaths(world)
    .filter((path) => !path.includes("/oddities/"))
    .filter((path) => statSync(path).isFile());
  const bytes = files.reduce((sum, path) => sum + statSync(path).size, 0);
  expect(files).toHaveLength(300);
  expect(bytes / size.bytes).toBeGreaterThan(0.95);
  expect(bytes / size.bytes).toBeLessThan(1.05);
  const dense = files.filter((path) => /\.(?:mca|ogg|pak)$/.test(path.toString()));
  const denseBytes = dense.reduce((sum, path) => sum + statSync(path).size, 0);
  expect(denseBytes / bytes).toBeGreaterThan(0.6);
  expect(denseBytes / bytes).toBeLessThan(0.7);
  const largest = readFileSync(join(world, "world/assets.pak"));
  expect(gzipSync(largest).length).toBeGreaterThan(largest.length);
});
