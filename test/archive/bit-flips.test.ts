// A single bit that is not as it was packed, anywhere in an archive or its manifest, is found, and what it costs is said.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Fault } from "@manman/core/fault.ts";
import { verifyArchive } from "@manman/archive/extract/verify-archive.ts";
import { checkManifest } from "@manman/archive/manifest/check-manifest.ts";
import { openManifest } from "@manman/archive/manifest/open-manifest.ts";
import { memoryRanges } from "@manman/archive/read-ranges.ts";
import { SeededRandom } from "../worlds/seeded-random.ts";
import { extractBare, extractFixture, fixtureSource } from "./extract-fixture.ts";
import { packFixture, tinyNumbers, type Fixture, type FixtureEntry } from "./fixture-archive.ts";
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

async function smallFixture(): Promise<Fixture> {
  return await packFixture(smallTree(), { numbers: tinyNumbers });
}

test("500 flipped bits of a manifest are all found", async () => {
  const { manifest } = await smallFixture();
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
});

async function openAndCheck(manifest: Buffer): Promise<void> {
  await checkManifest(await openManifest(memoryRanges(manifest)));
}

test("500 flipped bits of an archive are all found, with the segment and what stands in it", async () => {
  const { archive, manifest } = await smallFixture();
  const random = new SeededRandom(2);
  for (let flip = 0; flip < flips; flip += 1) {
    const bit = random.between(0, archive.length * 8 - 1);
    const source = await fixtureSource({ archive: flipped(archive, bit), manifest });
    const [damaged, ...more] = await verifyArchive(source, new AbortController().signal);
    expect(more, `bit ${bit}`).toEqual([]);
    expect(damaged?.why, `bit ${bit}`).toBe("its stored bytes have another SHA-256");
    expect(damaged?.paths.length, `bit ${bit}`).toBeGreaterThan(0);
  }
});

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
