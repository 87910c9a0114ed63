import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import type { Compression } from "@manman/archive/codec/codec.ts";
import { expect, test } from "vitest";
import { compareTrees } from "../worlds/compare-trees.ts";
import { makeMixedWorld } from "../worlds/mixed-world.ts";
import { packToFile } from "./pack-tree.ts";
import { scratchDir } from "./scratch-dir.ts";

test.each<{ compression: Compression; decoder: string[] }>([
  { compression: { codec: "gzip", level: 1 }, decoder: ["gzip", "-dc"] },
  { compression: { codec: "gzip", level: 9 }, decoder: ["gzip", "-dc"] },
  { compression: { codec: "zstd", level: 3 }, decoder: ["zstd", "-dc"] },
  { compression: { codec: "none" }, decoder: ["cat"] },
])("$compression is read by $decoder and tar", async ({ compression, decoder }) => {
  const dir = scratchDir();
  const [world, archive, out] = [join(dir, "world"), join(dir, "archive"), join(dir, "out")];
  makeMixedWorld(world, { seed: 3, files: 60, bytes: 9_000_000 });
  mkdirSync(out);
  const summary = await packToFile({ rootPath: world, compression }, archive);
  const [program = "", ...args] = decoder;
  const decoded = spawnSync(program, args, {
    stdio: [openSync(archive, "r"), openSync(join(dir, "tar"), "w"), "inherit"],
  });
  expect(decoded.status).toBe(0);
  execFileSync("tar", ["-xpf", join(dir, "tar"), "-C", out], { stdio: "ignore" });
  expect(
    compareTrees(world, join(out, "game"), { ignoreOwners: process.getuid?.() !== 0 }),
  ).toEqual([]);
  expect(summary.segments).toBeGreaterThan(8);
});
