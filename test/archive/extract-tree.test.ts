import { join } from "node:path";
import { expect, test } from "vitest";
import { compareTrees } from "../worlds/compare-trees.ts";
import { makeMixedWorld } from "../worlds/mixed-world.ts";
import { extractFixture } from "./extract-fixture.ts";
import { packFixture, tinyNumbers } from "./fixture-archive.ts";
import { fixtureTree } from "./fixture-tree.ts";
import { scratchDir } from "./scratch-dir.ts";

const size = { seed: 7, files: 400, bytes: 6_000_000 };

test.each(["gzip", "zstd", "none"] as const)(
  "a world packed with %s comes back byte for byte and attribute for attribute",
  async (codec) => {
    const dir = scratchDir();
    const world = join(dir, "world");
    makeMixedWorld(world, size);
    const fixture = await packFixture(fixtureTree(world), { codec });
    const summary = await extractFixture(fixture, join(dir, "out"));
    expect(summary.lost.count).toBe(0);
    expect(summary.warnings).toEqual([]);
    expect(compareTrees(world, join(dir, "out", "game"))).toEqual([]);
  },
);

test("with tiny numbers, so that most files are large, a world comes back as well", async () => {
  const dir = scratchDir();
  const world = join(dir, "world");
  makeMixedWorld(world, { seed: 8, files: 100, bytes: 1_000_000 });
  const fixture = await packFixture(fixtureTree(world), { numbers: tinyNumbers });
  await extractFixture(fixture, join(dir, "out"));
  expect(compareTrees(world, join(dir, "out", "game"))).toEqual([]);
});
