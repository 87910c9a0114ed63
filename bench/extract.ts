// Measures a full restore: ours by the manifest, ours from the bare archive, and `gzip -dc | tar x`, paired, on a generated world.
//   node bench/extract.ts [--bytes N] [--files N] [--runs N] [--workers N]
import { execFileSync, spawnSync } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { extractArchive } from "@manman/archive/extract/extract-archive.ts";
import { extractBareArchive } from "@manman/archive/extract/extract-bare.ts";
import { openManifest } from "@manman/archive/manifest/open-manifest.ts";
import { ManifestWriter } from "@manman/archive/manifest/manifest-writer.ts";
import { manifestEntry, segmentRecord } from "@manman/archive/manifest/packed-records.ts";
import { defaultWorkers } from "@manman/archive/pack/pack-archive.ts";
import { SegmentPack } from "@manman/archive/pack/segment-pack.ts";
import { openFileRanges } from "@manman/archive/read-ranges.ts";
import { fixtureHeader as header } from "../test/archive/fixture-archive.ts";
import { makeMixedWorld } from "../test/worlds/mixed-world.ts";

const { values } = parseArgs({
  options: {
    bytes: { type: "string", default: "400000000" },
    files: { type: "string", default: "20000" },
    runs: { type: "string", default: "5" },
    workers: { type: "string", default: "2" },
  },
});

const dir = mkdtempSync(join(tmpdir(), "manman-extract-"));
const [world, archive, manifest, out] = ["world", "a.tar.gz", "a.manifest.gz", "out"].map((name) =>
  join(dir, name),
) as [string, string, string, string];

const contenders: readonly { name: string; run: () => Promise<number | void> }[] = [
  { name: "by manifest", run: byManifest },
  { name: "bare", run: bare },
  { name: "gzip -dc | tar x", run: byTar },
];

try {
  makeMixedWorld(world, { seed: 1, files: Number(values.files), bytes: Number(values.bytes) });
  await pack();
  execFileSync("sync");
  const seconds = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < Number(values.runs); round += 1) {
    for (const { name, run } of contenders) {
      mkdirSync(out);
      const [before, started] = [process.resourceUsage(), performance.now()];
      const childSeconds = await run();
      const took = (performance.now() - started) / 1000;
      const after = process.resourceUsage();
      const cpu =
        (after.userCPUTime + after.systemCPUTime - before.userCPUTime - before.systemCPUTime) / 1e6;
      seconds.get(name)?.push(took);
      console.log(`${name}: ${took.toFixed(2)} s, ${(childSeconds ?? cpu).toFixed(2)} s of CPU`);
      rmSync(out, { recursive: true });
    }
  }
  for (const [name, all] of seconds) console.log(`${name}: median ${median(all).toFixed(2)} s`);
} finally {
  rmSync(dir, { recursive: true, force: true });
}

function median(all: readonly number[]): number {
  return all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0;
}

async function pack(): Promise<void> {
  const [archiveFd, manifestFd] = [openSync(archive, "wx"), openSync(manifest, "wx")];
  const writer = new ManifestWriter(header, async (bytes) => void writeSync(manifestFd, bytes));
  const packing = new SegmentPack({
    rootPath: world,
    rootName: "game",
    emptyRoot: "refuse",
    excludePatterns: [],
    compression: { codec: "gzip", level: 6 },
    workers: defaultWorkers,
    readBytesPerSecondMax: undefined,
    signal: new AbortController().signal,
  });
  const nowMs = Date.now();
  let entries = 0;
  for await (const segment of packing.segments()) {
    writeSync(archiveFd, segment.stored);
    for (const entry of segment.entries) await writer.addEntry(manifestEntry(entry, nowMs));
    await writer.addSegment(segmentRecord(segment, nowMs));
    entries += segment.entries.length;
  }
  await writer.end(0);
  closeSync(archiveFd);
  closeSync(manifestFd);
  const perEntry = (statSync(manifest).size / entries).toFixed(1);
  console.log(
    `${entries} entries, ${statSync(archive).size} bytes stored, ${perEntry} bytes of manifest an entry`,
  );
}

async function byManifest(): Promise<void> {
  const [manifestRanges, ranges] = await Promise.all([
    openFileRanges(manifest),
    openFileRanges(archive),
  ]);
  const own = { manifest: await openManifest(manifestRanges), archive: ranges };
  const targetFd = openSync(out, "r");
  await extractArchive(
    { own, base: undefined },
    { ...usual(targetFd), workers: Number(values.workers) },
  );
  closeSync(targetFd);
  await Promise.all([manifestRanges.close(), ranges.close()]);
}

async function bare(): Promise<void> {
  const ranges = await openFileRanges(archive);
  const targetFd = openSync(out, "r");
  await extractBareArchive(ranges, {
    ...usual(targetFd),
    limits: { bytesMax: Number.MAX_SAFE_INTEGER, entriesMax: 10_000_000 },
  });
  closeSync(targetFd);
  await ranges.close();
}

async function byTar(): Promise<number> {
  const script = `gzip -dc "$1" | tar -xp -C "$2"; times`;
  const { status, stdout } = spawnSync("bash", ["-c", script, "bash", archive, out], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error("tar failed");
  return [...stdout.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds),
    0,
  );
}

function usual(targetFd: number): {
  targetFd: number;
  outwardLinks: "keep";
  damage: "stop";
  signal: AbortSignal;
} {
  return { targetFd, outwardLinks: "keep", damage: "stop", signal: new AbortController().signal };
}
