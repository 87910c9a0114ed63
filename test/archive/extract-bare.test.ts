import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { rebuildManifest } from "@manman/archive/extract/rebuild-manifest.ts";
import { diffManifests } from "@manman/archive/manifest/diff-manifests.ts";
import { checkManifest } from "@manman/archive/manifest/check-manifest.ts";
import type { Manifest } from "@manman/archive/manifest/manifest-reader.ts";
import type { PlacedSegment } from "@manman/archive/manifest/manifest-records.ts";
import { openManifest } from "@manman/archive/manifest/open-manifest.ts";
import { memoryRanges } from "@manman/archive/read-ranges.ts";
import { compareTrees } from "../worlds/compare-trees.ts";
import { makeMixedWorld } from "../worlds/mixed-world.ts";
import { extractBare } from "./extract-fixture.ts";
import { fixtureHeader, packFixture } from "./fixture-archive.ts";
import { fixtureTree } from "./fixture-tree.ts";
import { packToFile } from "./pack-tree.ts";
import { scratchDir } from "./scratch-dir.ts";

const size = { seed: 9, files: 200, bytes: 4_000_000 };

test.each(["gzip", "zstd", "none"] as const)(
  "a bare archive packed with %s comes back without its manifest",
  async (codec) => {
    const dir = scratchDir();
    const world = join(dir, "world");
    makeMixedWorld(world, size);
    const { archive } = await packFixture(fixtureTree(world), { codec });
    const summary = await extractBare(archive, join(dir, "out"));
    expect(summary.lost.count).toBe(0);
    expect(compareTrees(world, join(dir, "out", "game"))).toEqual([]);
  },
);

test("what the packer streams today comes back", async () => {
  const dir = scratchDir();
  const [world, file] = [join(dir, "world"), join(dir, "a.tar.gz")];
  makeMixedWorld(world, size);
  await packToFile({ rootPath: world }, file);
  await extractBare(readFileSync(file), join(dir, "out"));
  expect(compareTrees(world, join(dir, "out", "game"))).toEqual([]);
});

const strangers = [
  {
    name: "GNU tar in its own form",
    command: ["tar", "--format=gnu", "-cf"],
    slack: 1_000_000_000n,
  },
  { name: "GNU tar in pax form", command: ["tar", "--format=pax", "-cf"], slack: 0n },
  { name: "bsdtar", command: ["bsdtar", "--format=pax", "-cf"], slack: 0n },
  { name: "bsdtar in its own form, with gzip", command: ["bsdtar", "-czf"], slack: 1_000_000_000n },
  { name: "GNU tar with zstd", command: ["tar", "--format=pax", "--zstd", "-cf"], slack: 0n },
] as const;

test.each(strangers)("an archive of $name comes back", async ({ command, slack }) => {
  const dir = scratchDir();
  const [world, file] = [join(dir, "world"), join(dir, "a.tar")];
  makeMixedWorld(world, size);
  const [program, ...args] = command;
  execFileSync(program, [...args, file, "-C", world, "."], { stdio: "ignore" });
  await extractBare(readFileSync(file), join(dir, "out"));
  // The entry "./" is the target itself, which keeps what its maker gave it. Times before 1970 bsdtar writes as if the fraction counted
  // downwards: -1 ns comes as "-1.999999999".
  const differences = compareTrees(world, join(dir, "out"), { mtimeSlackNs: slack });
  const known = /^\.: |times\/file-1/;
  expect(differences.filter((line) => !known.test(line))).toEqual([]);
});

test.each(["gzip", "zstd"] as const)(
  "a manifest rebuilt from a bare %s archive says what the lost one said",
  async (codec) => {
    const dir = scratchDir();
    const world = join(dir, "world");
    makeMixedWorld(world, { seed: 10, files: 200, bytes: 30_000_000 });
    const fixture = await packFixture(fixtureTree(world), { codec });
    const rebuilt: Buffer[] = [];
    await rebuildManifest(
      memoryRanges(fixture.archive),
      async (bytes) => void rebuilt.push(bytes),
      {
        who: fixtureHeader.who,
        nowMs: 1_790_000_000_000,
        signal: new AbortController().signal,
      },
    );
    const [lost, found] = await Promise.all(
      [fixture.manifest, Buffer.concat(rebuilt)].map(
        async (bytes) => await openManifest(memoryRanges(bytes)),
      ),
    );
    if (lost === undefined || found === undefined) throw new Error("no manifests");
    await checkManifest(found);
    expect(found.root.equals(lost.root)).toBe(true);
    expect(found.totals).toEqual(lost.totals);
    expect(await segmentsOf(found)).toEqual(await segmentsOf(lost));
    const changes = [];
    for await (const change of diffManifests(lost, found)) changes.push(change);
    expect(changes).toEqual([]);
  },
);

async function segmentsOf(manifest: Manifest): Promise<PlacedSegment[]> {
  const segments: PlacedSegment[] = [];
  for await (const segment of manifest.segments()) segments.push(segment);
  return segments;
}
