// Makes archives that nobody packs, and sees what becomes of them: nothing outside the target may change, whatever is said.
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Fault } from "@manman/core/fault.ts";
import { removeTree } from "../worlds/remove-tree.ts";
import { SeededRandom } from "../worlds/seeded-random.ts";
import { treePaths } from "../worlds/tree-paths.ts";
import { extractBare, extractFixture } from "./extract-fixture.ts";
import { packFixture, tinyNumbers, type Fixture, type FixtureEntry } from "./fixture-archive.ts";
import { directoryEntry, fileEntry, hardlinkEntry, symlinkEntry } from "./fixture-tree.ts";
import { hostilePaths, hostileTar } from "./hostile-tar.ts";
import { mutatedManifest } from "./mutated-manifest.ts";

/** How an extraction ended. Anything but these is a defect. */
type HostileOutcome = "extracted" | "corrupt" | "other";

export type HostileRun = {
  /** Attacks tried, by how they ended. */
  readonly outcomes: Record<HostileOutcome, number>;
  /** What went wrong: the seed and the finding. Empty when all is well. */
  readonly findings: readonly string[];
};

const secondsMax = 60;

/** Tries `count` archives, one for each seed from `firstSeed` on, below `dir`. */
export async function tryHostileArchives(
  dir: string,
  firstSeed: number,
  count: number,
): Promise<HostileRun> {
  const outside = join(dir, "outside");
  makeOutside(outside);
  const before = snapshot(dir);
  const fixture = await packFixture(innocentTree(), { numbers: tinyNumbers });
  const outcomes = { extracted: 0, corrupt: 0, other: 0 };
  const findings: string[] = [];
  for (let seed = firstSeed; seed < firstSeed + count; seed += 1) {
    const target = join(dir, "target");
    const started = performance.now();
    const error = await tryOne(fixture, new SeededRandom(seed), target);
    const outcome = outcomeOf(error);
    outcomes[outcome] += 1;
    if (outcome === "other") findings.push(`seed ${seed}: ${String(error)}`);
    const seconds = (performance.now() - started) / 1000;
    if (seconds > secondsMax) findings.push(`seed ${seed}: took ${seconds} s`);
    if (existsSync(target)) removeTree(target);
    if (snapshot(dir) !== before)
      findings.push(`seed ${seed}: something outside the target changed`);
  }
  rmSync(outside, { recursive: true });
  return { outcomes, findings };
}

/** Tries one archive by one of the ways in. Returns what was thrown. */
async function tryOne(fixture: Fixture, random: SeededRandom, target: string): Promise<unknown> {
  const damage = random.between(0, 1) === 0 ? "stop" : "keep-going";
  const options = { damage, outwardLinks: "keep", workers: 0, owners: false } as const;
  const limits = { bytesMax: 50_000_000, entriesMax: 1000 };
  try {
    switch (random.between(0, 4)) {
      case 0: {
        const manifest = await mutatedManifest(fixture.manifest, random, hostilePaths);
        await extractFixture({ ...fixture, manifest }, target, options);
        break;
      }
      case 1:
        await extractFixture(
          { ...fixture, manifest: scrambled(fixture.manifest, random) },
          target,
          options,
        );
        break;
      case 2:
        await extractFixture(
          { ...fixture, archive: scrambled(fixture.archive, random) },
          target,
          options,
        );
        break;
      case 3:
        await extractBare(scrambled(fixture.archive, random), target, { ...options, limits });
        break;
      default: {
        const tar = hostileTar(random);
        const archive = random.between(0, 1) === 0 ? gzipSync(tar, { level: 1 }) : tar;
        await extractBare(archive, target, { ...options, limits });
      }
    }
    return undefined;
  } catch (error) {
    return error ?? new Error("nothing was thrown");
  }
}

function outcomeOf(error: unknown): HostileOutcome {
  if (error === undefined) return "extracted";
  return error instanceof Fault &&
    (error.kind === "corrupt" || error.kind === "rejected" || error.kind === "missing")
    ? "corrupt"
    : "other";
}

/** A tree with something of everything, so that mutations have something to turn into a weapon. */
export function innocentTree(): FixtureEntry[] {
  const random = new SeededRandom(5);
  return [
    directoryEntry("game/"),
    directoryEntry("game/a/"),
    directoryEntry("game/a/b/"),
    directoryEntry("game/empty/"),
    fileEntry("game/a/b/one", "one"),
    fileEntry("game/a/two", random.json(900)),
    fileEntry("game/large", random.bytes(7000)),
    fileEntry("game/nothing", ""),
    hardlinkEntry("game/second-name", "game/a/two"),
    symlinkEntry("game/to-a", "a"),
    symlinkEntry("game/to-outside", "../../outside"),
  ];
}

/** Flips bits, cuts, doubles or swaps pieces. */
function scrambled(bytes: Buffer, random: SeededRandom): Buffer {
  const at = random.between(0, bytes.length - 1);
  const length = random.between(1, 200);
  switch (random.between(0, 4)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return Buffer.concat([bytes, bytes.subarray(at, at + length)]);
    case 2:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    case 3:
      return Buffer.concat([bytes.subarray(0, at), random.bytes(length), bytes.subarray(at)]);
    default: {
      const copy = Buffer.from(bytes);
      for (let flip = 0; flip < 3; flip += 1) {
        const place = random.between(0, copy.length - 1);
        copy[place] = random.between(0, 255);
      }
      return copy;
    }
  }
}

/** What an attack would like to reach: files to overwrite, folders to write into, links to follow. */
function makeOutside(outside: string): void {
  mkdirSync(join(outside, "folder"), { recursive: true });
  writeFileSync(join(outside, "precious"), "untouched");
  writeFileSync(join(outside, "folder", "precious"), "untouched");
  chmodSync(join(outside, "precious"), 0o640);
}

/** Everything below a folder except the target: names, kinds, modes, times, contents. */
function snapshot(dir: string): string {
  const lines = treePaths(join(dir, "outside")).map((path) => {
    const stats = lstatSync(path);
    const content = stats.isFile()
      ? readFileSync(path, "latin1")
      : stats.isSymbolicLink()
        ? readlinkSync(path)
        : "";
    return [
      path.toString("latin1"),
      stats.mode,
      stats.uid,
      stats.nlink,
      stats.mtimeMs,
      content,
    ].join(" ");
  });
  const beside = treePaths(dir)
    .map((path) => path.toString("latin1"))
    .filter(
      (path) => !path.startsWith(join(dir, "target")) && !path.startsWith(join(dir, "outside")),
    );
  return [...lines, ...beside].join("\n");
}
