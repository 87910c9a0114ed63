// The whole circle: what the packer packs, the manifest describes, and the extractor gives back.
import { join } from "node:path";
import { expect, test } from "vitest";
import { defaultWorkers } from "@manman/archive/pack/pack-archive.ts";
import { SegmentPack } from "@manman/archive/pack/segment-pack.ts";
import { verifyArchive } from "@manman/archive/extract/verify-archive.ts";
import { rebuildManifest } from "@manman/archive/extract/rebuild-manifest.ts";
import { checkManifest } from "@manman/archive/manifest/check-manifest.ts";
import { ManifestWriter } from "@manman/archive/manifest/manifest-writer.ts";
import type { Manifest } from "@manman/archive/manifest/manifest-reader.ts";
import { openManifest } from "@manman/archive/manifest/open-manifest.ts";
import { manifestEntry, segmentRecord } from "@manman/archive/manifest/packed-records.ts";
import { memoryRanges } from "@manman/archive/read-ranges.ts";
import { compareTrees } from "../worlds/compare-trees.ts";
import { makeMixedWorld } from "../worlds/mixed-world.ts";
import { extractBare, extractFixture, fixtureSource } from "./extract-fixture.ts";
import { fixtureHeader, type Fixture } from "./fixture-archive.ts";
import { scratchDir } from "./scratch-dir.ts";

const nowMs = 1_790_000_000_000;
const signal = new AbortController().signal;

async function packed(rootPath: string, codec: "gzip" | "zstd" | "none"): Promise<Fixture> {
  const archive: Buffer[] = [];
  const manifest: Buffer[] = [];
  const header = { ...fixtureHeader, codec, level: codec === "none" ? 0 : 3 };
  const writer = new ManifestWriter(header, async (bytes) => void manifest.push(bytes));
  const pack = new SegmentPack({
    rootPath,
    rootName: "game",
    emptyRoot: "refuse",
    excludePatterns: [],
    compression: codec === "none" ? { codec } : { codec, level: 3 },
    workers: defaultWorkers,
    readBytesPerSecondMax: undefined,
    signal,
  });
  for await (const segment of pack.segments()) {
    archive.push(Buffer.from(segment.stored));
    for (const entry of segment.entries) await writer.addEntry(manifestEntry(entry, nowMs));
    await writer.addSegment(segmentRecord(segment, nowMs));
  }
  await writer.end(pack.findings.warnings.count);
  return { archive: Buffer.concat(archive), manifest: Buffer.concat(manifest) };
}

test.each(["gzip", "zstd", "none"] as const)(
  "what is packed with %s is described, verified, and given back",
  async (codec) => {
    const dir = scratchDir();
    const world = join(dir, "world");
    makeMixedWorld(world, { seed: 31, files: 1000, bytes: 30_000_000 });
    const fixture = await packed(world, codec);
    const source = await fixtureSource(fixture);
    await checkManifest(source.manifest);
    expect(await verifyArchive(source, signal)).toEqual([]);
    const { files, directories, symlinks, hardlinks } = source.manifest.totals;
    expect(fixture.manifest.length / (files + directories + symlinks + hardlinks)).toBeLessThan(80);
    await extractFixture(fixture, join(dir, "out"));
    expect(compareTrees(world, join(dir, "out", "game"))).toEqual([]);
    await extractBare(fixture.archive, join(dir, "bare"));
    expect(compareTrees(world, join(dir, "bare", "game"))).toEqual([]);
    if (codec === "none") return;
    const rebuilt: Buffer[] = [];
    const sink = async (bytes: Buffer): Promise<void> => void rebuilt.push(bytes);
    await rebuildManifest(memoryRanges(fixture.archive), sink, {
      who: fixtureHeader.who,
      nowMs,
      signal,
    });
    const found = await openManifest(memoryRanges(Buffer.concat(rebuilt)));
    expect(found.root.equals(source.manifest.root)).toBe(true);
    expect(found.totals).toEqual(source.manifest.totals);
    expect(await chunkDigests(found)).toEqual(await chunkDigests(source.manifest));
  },
);

async function chunkDigests(manifest: Manifest): Promise<(string | undefined)[]> {
  const digests: (string | undefined)[] = [];
  for await (const { chunk } of manifest.segments())
    digests.push(chunk?.dataSha256.toString("hex"));
  return digests;
}
