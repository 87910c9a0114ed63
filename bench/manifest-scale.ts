// Writes and reads a manifest of a million made-up entries: seconds, memory, bytes an entry, and what finding one file reads.
// Usage: node bench/manifest-scale.ts [entries]
import { createHash } from "node:crypto";
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkManifest } from "@manman/archive/manifest/check-manifest.ts";
import { ManifestWriter } from "@manman/archive/manifest/manifest-writer.ts";
import type { ManifestEntry } from "@manman/archive/manifest/manifest-records.ts";
import { openManifest } from "@manman/archive/manifest/open-manifest.ts";
import { countedRanges, openFileRanges } from "@manman/archive/read-ranges.ts";
import { fixtureHeader as header } from "../test/archive/fixture-archive.ts";

const entryCount = Number(process.argv[2] ?? 1_000_000);
const filesOfSegment = 500;
const filesOfFolder = 100;

const folder = mkdtempSync(join(tmpdir(), "manman-manifest-"));
const file = join(folder, "a.manifest.gz");
try {
  await timed("write", async () => {
    await writeManifest(file);
  });
  const ranges = await openFileRanges(file);
  console.log(
    `${(ranges.sizeBytes / entryCount).toFixed(1)} bytes an entry, ${ranges.sizeBytes} in all`,
  );
  const lengths: number[] = [];
  const counted = countedRanges(ranges, (length) => void lengths.push(length));
  await timed("list", async () => {
    let count = 0;
    for await (const _ of (await openManifest(ranges)).entries()) count += 1;
    console.log(`${count} entries`);
  });
  await timed("check", async () => {
    await checkManifest(await openManifest(ranges));
  });
  await timed("find", async () => {
    const manifest = await openManifest(counted);
    const found = await manifest.find(pathOf(Math.floor(entryCount / 2)));
    if (found?.kind !== "file") throw new Error("not found");
    await manifest.segment(found.extents[0]?.segment ?? 0);
  });
  const bytes = lengths.reduce((sum, length) => sum + length, 0);
  console.log(`find: ${lengths.length} reads, ${bytes} bytes`);
  await ranges.close();
} finally {
  rmSync(folder, { recursive: true });
}

async function timed(name: string, work: () => Promise<void>): Promise<void> {
  let peak = 0;
  const sampling = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 20);
  const started = performance.now();
  await work();
  clearInterval(sampling);
  const seconds = ((performance.now() - started) / 1000).toFixed(2);
  console.log(`${name}: ${seconds} s, at most ${Math.round(peak / 2 ** 20)} MiB resident`);
}

async function writeManifest(path: string): Promise<void> {
  const fd = openSync(path, "wx");
  const writer = new ManifestWriter(header, async (bytes) => {
    writeSync(fd, bytes);
  });
  const times = {
    mode: 0o755,
    uid: 1000,
    gid: 1000,
    ctimeNs: 1_790_000_000_000_000_001n,
    dev: 66_306n,
  };
  const root = { ...times, path: Buffer.from("game/"), mtimeNs: 1n, ino: 1n, headerSegment: 0 };
  await writer.addEntry({ ...root, kind: "directory" });
  for (let at = 0; at < entryCount; at += 1) {
    await writer.addEntry(entryOf(at));
    if (at % filesOfSegment === filesOfSegment - 1 || at === entryCount - 1) {
      await writer.addSegment({
        storedBytes: 1_000_000 + at,
        rawBytes: 4_000_000,
        storedSha256: digestOf(`stored${at}`),
        chunk: null,
        entryCount: (at % filesOfSegment) + 1 + (at < filesOfSegment ? 1 : 0),
        origin: "made",
        verifiedAtMs: 1_790_000_000_000 + at,
      });
    }
  }
  await writer.end(0);
  closeSync(fd);
}

function entryOf(at: number): ManifestEntry {
  const sha256 = digestOf(String(at));
  const sizeBytes = 1 + (sha256.readUInt32LE(0) % 5000);
  const segment = Math.floor(at / filesOfSegment);
  return {
    kind: "file",
    path: pathOf(at),
    mode: 0o644,
    uid: 1000,
    gid: 1000,
    mtimeNs:
      BigInt(1_700_000_000 + (sha256.readUInt32LE(4) % 90_000_000)) * 1_000_000_000n +
      BigInt(sha256.readUInt32LE(8) % 1_000_000_000),
    ctimeNs:
      BigInt(1_789_000_000 + (sha256.readUInt32LE(12) % 1_000_000)) * 1_000_000_000n +
      BigInt(sha256.readUInt32LE(16) % 1_000_000_000),
    dev: 66_306n,
    ino: BigInt(10_000_000 + (sha256.readUInt32LE(20) % entryCount)),
    headerSegment: segment,
    sizeBytes,
    sha256,
    extents: [
      { source: "own", segment, rawOffset: 1536 + (at % filesOfSegment) * 6656, bytes: sizeBytes },
    ],
    racy: false,
    warned: false,
    sqlite: null,
  };
}

function pathOf(at: number): Buffer {
  const folderNumber = String(Math.floor(at / filesOfFolder)).padStart(5, "0");
  const tail = digestOf(`name${at}`).toString("hex", 0, 4);
  return Buffer.from(
    `game/world/playerdata/${folderNumber}/${String(at).padStart(8, "0")}-${tail}.json`,
  );
}

function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
