// A single bit that is not as it was packed, anywhere in an archive or its manifest, is found, and what it costs is said.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Fault } from "@manman/core/fault.ts";
import { verifyArchive } from "@manman/archive/extract/verify-archive.ts";
import type { ArchiveCodec } from "@manman/archive/manifest/manifest-records.ts";
import { piecesOf } from "@manman/archive/manifest/extent-rules.ts";
import { checkManifest } from "@manman/archive/manifest/check-manifest.ts";
import { openManifest } from "@manman/archive/manifest/open-manifest.ts";
import { memoryRanges } from "@manman/archive/read-ranges.ts";
import { SeededRandom } from "../worlds/seeded-random.ts";
import { extractBare, extractFixture, fixtureSource } from "./extract-fixture.ts";
import {
  inArchiveOrder,
  packFixture,
  tinyNumbers,
  type Fixture,
  type FixtureEntry,
} from "./fixture-archive.ts";
import { directoryEntry, fileEntry, symlinkEntry } from "./fixture-tree.ts";
import { scratchDir } from "./scratch-dir.ts";

const flips = 500;

function smallTree(): FixtureEntry[] {
  const random = new SeededRandom(11);
  return [
    directoryEntry("game/"),
    directoryEntry("game/world/"),
    ...Array.from({ length: 12 }, (_, at) => fileEntry(`game/world/${at}.json`, random.json(1500))),
    fileEntry("game/world/large.bin", random.bytes(10_000)),
    fileEntry("game/z-last", "the last one"),
    symlinkEntry("game/link", "world/0.json"),
  ];
}

function flipped(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[bit >>> 3] = (copy[bit >>> 3] as number) ^ (1 << (bit & 7));
  return copy;
}

const codecs = ["gzip", "zstd", "none"] as const;

async function smallFixture(codec: ArchiveCodec = "gzip"): Promise<Fixture> {
  return await packFixture(smallTree(), { numbers: tinyNumbers, codec });
}

test.each(codecs)(
  "500 flipped bits of the manifest of a %s archive are all found",
  async (codec) => {
    const { manifest } = await smallFixture(codec);
    const random = new SeededRandom(1);
    const trailer = Array.from({ length: 100 }, (_, at) => manifest.length * 8 - 1 - at * 11);
    const anywhere = Array.from({ length: flips - 100 }, () =>
      random.between(0, manifest.length * 8 - 1),
    );
    for (const bit of [...trailer, ...anywhere]) {
      const error = await openAndCheck(flipped(manifest, bit)).catch((thrown: unknown) => thrown);
      expect(error, `bit ${bit}`).toBeInstanceOf(Fault);
      expect((error as Fault).kind).toBe("corrupt");
      expect((error as Fault).message).toMatch(
        /^manifest (trailer|index|header|block \d+ \((entries|segments) from )/,
      );
    }
  },
);

/** The files of the small tree that are there, in the archive's order; one with other bytes is called so. */
function filesThere(out: string): string[] {
  return inArchiveOrder(smallTree()).flatMap((entry) => {
    const path = join(out, String(entry.path));
    if (entry.kind !== "file" || !existsSync(path)) return [];
    return [readFileSync(path).equals(entry.data()) ? String(entry.path) : `another ${path}`];
  });
}

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const each of source) found.push(each);
  return found;
}

async function openAndCheck(manifest: Buffer): Promise<void> {
  await checkManifest(await openManifest(memoryRanges(manifest)));
}

test.each(codecs)(
  "500 flipped bits of a %s archive are all found, with the segment and what stands in it",
  async (codec) => {
    const { archive, manifest } = await smallFixture(codec);
    const random = new SeededRandom(2);
    const own = await fixtureSource({ archive, manifest });
    const segments = await all(own.manifest.segments());
    for (let flip = 0; flip < flips; flip += 1) {
      const bit = random.between(0, archive.length * 8 - 1);
      const hit = segments.findLastIndex(({ offset }) => offset <= bit >>> 3);
      const source = await fixtureSource({ archive: flipped(archive, bit), manifest });
      const [damaged, ...more] = await verifyArchive(source, new AbortController().signal);
      expect(more, `bit ${bit}`).toEqual([]);
      expect(damaged?.segment, `bit ${bit}`).toBe(hit);
      expect(damaged?.why, `bit ${bit}`).toBe("its stored bytes have another SHA-256");
      expect(damaged?.paths.length, `bit ${bit}`).toBeGreaterThan(0);
    }
  },
);

test.each(codecs)(
  "whichever segment of a %s archive is bad, all files that have no data in it are recovered",
  async (codec) => {
    const dir = scratchDir();
    const { archive, manifest } = await smallFixture(codec);
    const own = await fixtureSource({ archive, manifest });
    const entries = await all(own.manifest.entries());
    const files = entries.filter((entry) => entry.kind === "file");
    let losses = 0;
    for await (const { number, offset, storedBytes } of own.manifest.segments()) {
      const damaged = flipped(archive, (offset + (storedBytes >>> 1)) * 8);
      const out = join(dir, String(number));
      const { lost } = await extractFixture({ archive: damaged, manifest }, out, {
        damage: "keep-going",
        workers: 0,
      });
      const inIt = files.filter(({ extents, sizeBytes }) =>
        Array.from(piecesOf(extents, sizeBytes, tinyNumbers)).some(
          ({ segment }) => segment === number,
        ),
      );
      expect(lost.first.map(({ path, where }) => [String(path), where])).toEqual(
        inIt.map(({ path }) => [String(path), `segment ${number}`]),
      );
      losses += inIt.length;
      const isLost = (path: Buffer): boolean => inIt.some((file) => file.path.equals(path));
      const whole = files.map(({ path }) => path).filter((path) => !isLost(path));
      expect(filesThere(out)).toEqual(whole.map(String));
    }
    // Twelve small files and the last one once each; the large one with each of its four chunks.
    expect(losses).toBe(17);
  },
);

test("with one bad segment every other file is recovered, and what is lost is named with its segment", async () => {
  const dir = scratchDir();
  const { archive, manifest } = await smallFixture();
  const own = await fixtureSource({ archive, manifest });
  const bad = await own.manifest.segment(1);
  const damaged = flipped(archive, (bad.offset + bad.storedBytes - 20) * 8);
  const there = ["0.json", "11.json", "2.json", "large.bin"];

  const byManifest = await extractFixture({ archive: damaged, manifest }, join(dir, "out"), {
    damage: "keep-going",
  });
  expect(byManifest.lost.first.map(({ path, where }) => [String(path), where])).toEqual([
    ["game/world/1.json", "segment 1"],
    ["game/world/10.json", "segment 1"],
  ]);
  expect(byManifest.files).toBe(12);

  const bare = await extractBare(damaged, join(dir, "bare"), { damage: "keep-going" });
  expect(bare.lost.first.map(({ path, where }) => [path, where])).toEqual([[null, "segment 1"]]);
  expect(bare.files).toBe(12);
  for (const name of there) {
    const found = readFileSync(join(dir, "out/game/world", name));
    expect(found.equals(readFileSync(join(dir, "bare/game/world", name)))).toBe(true);
  }

  await expect(
    extractFixture({ archive: damaged, manifest }, join(dir, "stopped")),
  ).rejects.toThrow("read segment 1: its stored bytes have another SHA-256");
});
