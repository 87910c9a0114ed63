// What an extraction does when it is interrupted, continued, short of rights or of space.
import { execFile, execFileSync } from "node:child_process";
import {
  chownSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { openTimeSetter } from "@manman/archive/extract/exact-times.ts";
import { compareTrees } from "../worlds/compare-trees.ts";
import { makeMixedWorld } from "../worlds/mixed-world.ts";
import { extractBare, extractFixture, fixtureSource } from "./extract-fixture.ts";
import { packFixture, tinyNumbers, type Fixture, type FixtureOptions } from "./fixture-archive.ts";
import { directoryEntry, fileEntry, fixtureTree } from "./fixture-tree.ts";
import { openBelow } from "./open-descriptors.ts";
import { asOrdinaryUser } from "./ordinary-user.ts";
import { scratchDir } from "./scratch-dir.ts";

const isRoot = process.getuid?.() === 0;
const nobodyId = 65_534;

async function packedWorld(dir: string): Promise<Fixture> {
  makeMixedWorld(join(dir, "world"), { seed: 12, files: 100, bytes: 1_500_000 });
  return await packFixture(fixtureTree(join(dir, "world")), { numbers: tinyNumbers });
}

test("as an ordinary user everything but owners comes back, with one warning", async () => {
  const dir = scratchDir();
  const fixture = await packedWorld(dir);
  for (const name of ["by-manifest", "bare"]) {
    mkdirSync(join(dir, name));
    if (isRoot) chownSync(join(dir, name), nobodyId, nobodyId);
  }
  await asOrdinaryUser(async () => {
    const byManifest = await extractFixture(fixture, join(dir, "by-manifest"));
    const bare = await extractBare(fixture.archive, join(dir, "bare"));
    for (const { warnings, lost } of [byManifest, bare]) {
      expect(warnings).toEqual(["without root, everything belongs to whoever extracts"]);
      expect(lost.count).toBe(0);
    }
  });
  for (const name of ["by-manifest", "bare"]) {
    const leniency = { ignoreOwners: true };
    expect(compareTrees(join(dir, "world"), join(dir, name, "game"), leniency)).toEqual([]);
  }
});

test("aborted half way it ends with the signal's reason, and nothing stays open", async () => {
  const dir = scratchDir();
  const fixture = await packedWorld(dir);
  const before = openBelow(dir);
  const abort = new AbortController();
  const reason = new Error("enough");
  const onSegmentDone = (): void => {
    abort.abort(reason);
  };
  await expect(
    extractFixture(fixture, join(dir, "out"), { signal: abort.signal, onSegmentDone }),
  ).rejects.toBe(reason);
  expect(openBelow(dir)).toEqual(before);
});

test("interrupted and gone on with, it fetches no segment twice, and the tree is whole", async () => {
  const dir = scratchDir();
  const fixture = await packedWorld(dir);
  const done = new Set<string>();
  const abort = new AbortController();
  const first = extractFixture(fixture, join(dir, "out"), {
    signal: abort.signal,
    onSegmentDone: (source, segment) => {
      done.add(`${source} ${segment}`);
      if (done.size === 150) abort.abort(new Error("killed"));
    },
  });
  await expect(first).rejects.toThrow("killed");
  const doneBefore = new Set(done);
  // What a process that died left behind that no segment accounts for.
  writeFileSync(join(dir, "out/game/logs/2026-1/0.log"), "half");
  doneBefore.delete("own 0");
  const again: string[] = [];
  await extractFixture(fixture, join(dir, "out"), {
    isSegmentDone: (source, segment) => doneBefore.has(`${source} ${segment}`),
    onSegmentDone: (source, segment) => void again.push(`${source} ${segment}`),
  });
  expect(doneBefore.size).toBeGreaterThan(140);
  expect(again.length).toBeGreaterThan(50);
  expect(compareTrees(join(dir, "world"), join(dir, "out", "game"))).toEqual([]);
});

test("a full disk gives a fault that says so", async () => {
  const worker = fileURLToPath(new URL("full-disk-worker.ts", import.meta.url));
  const script = 'mount -t tmpfs -o size=2m tmpfs "$1" && exec "$2" "$3" "$1"';
  const asRoot = isRoot ? [] : ["--user", "--map-root-user"];
  const shell = ["sh", "-c", script, "sh", scratchDir(), process.execPath, worker];
  const { stdout } = await promisify(execFile)("unshare", [...asRoot, "--mount", ...shell]);
  const full = "exhausted: write game/a: ENOSPC (no space left on device)";
  expect(JSON.parse(stdout)).toEqual({ "by manifest": full, bare: full });
});

test("only what was asked for is made, with the directories on the way", async () => {
  const dir = scratchDir();
  const fixture = await packedWorld(dir);
  const paths = [
    "game/oddities/order/a*",
    "game/oddities/directories/empty",
    "game/logs/2026-1/0.log",
  ];
  const summary = await extractFixture(fixture, join(dir, "out"), { paths });
  expect(readdirSync(join(dir, "out/game")).toSorted()).toEqual(["logs", "oddities"]);
  expect(readdirSync(join(dir, "out/game/oddities")).toSorted()).toEqual(["directories", "order"]);
  expect(readdirSync(join(dir, "out/game/oddities/directories/empty"))).toEqual(["empty"]);
  const differences = compareTrees(join(dir, "world"), join(dir, "out", "game"));
  expect(differences.filter((line) => !line.endsWith(`only in ${join(dir, "world")}`))).toEqual([]);
  expect(summary.files).toBe(8);
});

test("times are set to the nanosecond, before 1970 too", async () => {
  const dir = scratchDir();
  writeFileSync(join(dir, "a"), "");
  const fd = openSync(dir, "r");
  const setter = await openTimeSetter(fd);
  try {
    const timed = { latin1Path: "a", mtimeNs: -1_500_000_001n };
    expect(await setter?.set([timed, { latin1Path: "missing", mtimeNs: 1n }])).toBe(1);
    expect(execFileSync("stat", ["-c", "%.9Y", join(dir, "a")], { encoding: "utf8" })).toBe(
      "-1.500000001\n",
    );
  } finally {
    await setter?.close();
    closeSync(fd);
  }
});

test("an incremental archive takes from its base what did not change", async () => {
  const dir = scratchDir();
  const { incremental, base } = await changedWorld();
  await extractFixture(incremental, join(dir, "out"), {}, base);
  expect(readFileSync(join(dir, "out/game/a"), "latin1")).toBe("new");
  expect(readFileSync(join(dir, "out/game/b"), "latin1")).toBe("kept");
  expect(readFileSync(join(dir, "out/game/c")).equals(Buffer.alloc(9000, "c"))).toBe(true);
  await expect(extractFixture(incremental, join(dir, "no-base"))).rejects.toThrow(
    "the archive's base was not given",
  );
  const other = await packFixture([directoryEntry("game/"), fileEntry("game/b", "other")]);
  await expect(extractFixture(incremental, join(dir, "wrong"), {}, other)).rejects.toThrow(
    "manifest of base backups/42/1.tar.gz has another root than was referred to",
  );
});

async function changedWorld(): Promise<{ incremental: Fixture; base: Fixture }> {
  const kept = [
    directoryEntry("game/"),
    fileEntry("game/b", "kept"),
    fileEntry("game/c", Buffer.alloc(9000, "c")),
  ];
  const base = await packFixture([...kept, fileEntry("game/a", "old")], { numbers: tinyNumbers });
  const { manifest } = await fixtureSource(base);
  const inBase = new Map<string, InBase>();
  for await (const entry of manifest.entries()) {
    if (entry.kind !== "file" || entry.path.equals(Buffer.from("game/a"))) continue;
    const extents = entry.extents.map((extent) => ({ ...extent, source: "base" as const }));
    inBase.set(entry.path.toString("latin1"), { ...entry, extents });
  }
  const { root } = manifest;
  const reference = { key: "backups/42/1.tar.gz", etag: "e", root, backupId: 1n };
  const incremental = await packFixture([...kept, fileEntry("game/a", "new")], {
    numbers: tinyNumbers,
    header: { base: reference },
    inBase,
  });
  return { incremental, base };
}

type InBase =
  NonNullable<FixtureOptions["inBase"]> extends ReadonlyMap<string, infer Value> ? Value : never;
