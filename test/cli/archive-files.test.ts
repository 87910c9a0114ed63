// `manman archive` on a folder with archives, and nothing else: what an operator has on the worst day.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import type { ManifestEntry } from "@manman/archive/manifest/manifest-records.ts";
import { fixtureSource } from "../archive/extract-fixture.ts";
import {
  fixtureHeader,
  packFixture,
  tinyNumbers,
  type FixtureEntry,
} from "../archive/fixture-archive.ts";
import { directoryEntry, fileEntry, fixtureTree, symlinkEntry } from "../archive/fixture-tree.ts";
import { scratchDir } from "../archive/scratch-dir.ts";
import { manman, type CommandResult } from "../harness/command-line.ts";
import { compareTrees } from "../worlds/compare-trees.ts";
import { makeMixedWorld } from "../worlds/mixed-world.ts";

let dir: string;

beforeEach(() => {
  dir = scratchDir();
});

/** No variable of ours is set: nothing but the files is needed. */
async function archive(...args: string[]): Promise<CommandResult> {
  return await manman(["archive", ...args], {});
}

function at(...names: string[]): string {
  return join(dir, ...names);
}

const tree: readonly FixtureEntry[] = [
  directoryEntry("game/"),
  directoryEntry("game/logs/"),
  fileEntry("game/level.dat", "the level"),
  fileEntry("game/logs/a\nb.log", "a log"),
  fileEntry("game/logs/large.log", Buffer.alloc(7000, "log ")),
  symlinkEntry("game/newest", "logs/large.log"),
];

async function writeArchive(name: string, entries: readonly FixtureEntry[] = tree): Promise<void> {
  const fixture = await packFixture(entries, { numbers: tinyNumbers });
  writeFileSync(at(`${name}.tar.gz`), fixture.archive);
  writeFileSync(at(`${name}.manifest.gz`), fixture.manifest);
}

function flipByte(file: string, place: number): void {
  const bytes = readFileSync(file);
  bytes[place] = (bytes[place] as number) ^ 0xff;
  writeFileSync(file, bytes);
}

test("a list has a name a line, with --long what tar -tv shows, with --json all of it, with or without the manifest", async () => {
  await writeArchive("5");
  const names = [
    "game/",
    "game/level.dat",
    String.raw`game/logs/a\nb.log`,
    "game/logs/large.log",
    "game/newest",
    "game/logs/",
  ];
  const plain = await archive("list", at("5.tar.gz"));
  expect(plain).toMatchObject({ exitCode: 0, stderr: "6 entries, 7.0 KB in files\n" });
  expect(plain.stdout.trimEnd().split("\n")).toEqual(names);
  expect((await archive("list", at("5.manifest.gz"))).stdout).toBe(plain.stdout);
  expect((await archive("list", at("5.tar.gz"), "--no-manifest")).stdout).toBe(plain.stdout);

  const long = await archive("list", at("5.tar.gz"), "--long", "--prefix", "game/n");
  expect(long.stdout).toMatch(
    /^l\S{9} \d+\/\d+ +0 2023-11-14 22:13:20Z game\/newest -> logs\/large\.log\n$/,
  );

  const json = await archive("list", at("5.tar.gz"), "--json", "--prefix", "game/logs/a");
  expect(JSON.parse(json.stdout)).toMatchObject({
    path: "game/logs/a\nb.log",
    kind: "file",
    size: 5,
    mtime: "1700000000.123456789",
  });
  const none = await archive("list", at("5.tar.gz"), "--prefix", "world/");
  expect(none).toMatchObject({
    exitCode: 3,
    stdout: "",
    stderr: "manman: no path begins with world/\n",
  });
});

test("an archive comes back whole by its manifest, and without it as well", async () => {
  makeMixedWorld(at("world"), { seed: 3, files: 100, bytes: 3_000_000 });
  await writeArchive("5", fixtureTree(at("world")));
  const leniency = { ignoreOwners: process.getuid?.() !== 0 };
  const whole = await archive("extract", at("5.tar.gz"), "--into", at("by", "manifest"));
  expect(whole.exitCode).toBe(0);
  expect(compareTrees(at("world"), at("by", "manifest", "game"), leniency)).toEqual([]);

  rmSync(at("5.manifest.gz"));
  const bare = await archive("extract", at("5.tar.gz"), "--into", at("bare"), "--json");
  expect(bare.stderr).toBe(`there is no ${at("5.manifest.gz")}: reading the archive itself\n`);
  expect(JSON.parse(bare.stdout)).toMatchObject({ lost: { count: 0, first: [] } });
  expect(compareTrees(at("world"), at("bare", "game"), leniency)).toEqual([]);
});

test("parts are extracted by patterns, and a pattern that matches nothing is said", async () => {
  await writeArchive("5");
  const some = await archive(
    "extract",
    at("5.tar.gz"),
    "game/l*.dat",
    "game/newest",
    "--into",
    at("some"),
  );
  expect(some.exitCode).toBe(0);
  expect(readdirSync(at("some", "game")).toSorted()).toEqual(["level.dat", "newest"]);
  const none = await archive("extract", at("5.tar.gz"), "level.dat", "--into", at("none"));
  expect(none.exitCode).toBe(3);
  expect(none.stderr).toContain("matches level.dat; manman archive list shows its paths");
});

test("a directory with something in it is left as it is, and one that was made for nothing is taken away", async () => {
  await writeArchive("5");
  mkdirSync(at("full"));
  writeFileSync(at("full", "mine"), "mine");
  const refused = await archive("extract", at("5.tar.gz"), "--into", at("full"));
  expect(refused).toMatchObject({
    exitCode: 4,
    stderr: `manman: ${at("full")} is not empty: name a new directory, or an empty one\n`,
  });
  expect(readdirSync(at("full"))).toEqual(["mine"]);
  writeFileSync(at("text.tar.gz"), "no archive");
  const stranger = await archive("extract", at("text.tar.gz"), "--into", at("new"));
  expect(stranger.exitCode).toBe(8);
  expect(stranger.stderr).toContain("text.tar.gz: is no tar archive, plain or compressed");
  expect(existsSync(at("new"))).toBe(false);
});

test("a damaged segment is named with its files, and costs nothing else when asked to go on", async () => {
  await writeArchive("5");
  const { manifest } = await fixtureSource({
    archive: readFileSync(at("5.tar.gz")),
    manifest: readFileSync(at("5.manifest.gz")),
  });
  const level = await manifest.find(Buffer.from("game/level.dat"));
  const segment = await manifest.segment(level?.headerSegment ?? -1);
  flipByte(at("5.tar.gz"), segment.offset + 40);
  const verified = await archive("verify", at("5.tar.gz"));
  expect(verified.exitCode).toBe(8);
  expect(verified.stdout).toContain(
    `segment ${segment.number}: its stored bytes have another SHA-256\n`,
  );
  expect(verified.stdout).toContain("  game/level.dat\n");

  const stopped = await archive("extract", at("5.tar.gz"), "--into", at("stopped"));
  expect(stopped.exitCode).toBe(8);
  expect(stopped.stderr).toContain("--keep-going recovers whatever is not damaged");
  const kept = await archive("extract", at("5.tar.gz"), "--into", at("kept"), "--keep-going");
  expect(kept.exitCode).toBe(8);
  expect(kept.stderr).toContain(`lost game/level.dat: read segment ${segment.number}: `);
  expect(existsSync(at("kept", "game", "level.dat"))).toBe(false);
  expect(readFileSync(at("kept", "game", "logs", "large.log")).length).toBe(7000);
});

test("a copy that was cut off is said to be one, and what is there of it is recovered", async () => {
  await writeArchive("5");
  truncateSync(at("5.tar.gz"), readFileSync(at("5.tar.gz")).length - 200);
  const verified = await archive("verify", at("5.tar.gz"));
  expect(verified.exitCode).toBe(8);
  expect(verified.stderr).toContain(
    "it was not copied whole, or the manifest is another archive's",
  );
  const kept = await archive(
    "extract",
    at("5.tar.gz"),
    "--into",
    at("kept"),
    "--keep-going",
    "--no-manifest",
  );
  expect(kept.exitCode).toBe(8);
  expect(readFileSync(at("kept", "game", "level.dat"), "utf8")).toBe("the level");
});

test("a damaged manifest is named, with the ways to do without it", async () => {
  await writeArchive("5");
  flipByte(at("5.manifest.gz"), 60);
  const verified = await archive("verify", at("5.tar.gz"));
  expect(verified.exitCode).toBe(8);
  expect(verified.stderr).toBe(
    `manman: ${at("5.manifest.gz")}: manifest header is damaged: its SHA-256 is another (--no-manifest does without it, manman archive rebuild-manifest makes another)\n`,
  );
  expect((await archive("verify", at("5.tar.gz"), "--no-manifest")).exitCode).toBe(0);
});

test("a manifest is rebuilt with whose backup it is, never over another file unless forced, and verifies", async () => {
  mkdirSync(at("backups", "42"), { recursive: true });
  const key = join("backups", "42", "5");
  const fixture = await packFixture([...tree]);
  writeFileSync(at(`${key}.tar.gz`), fixture.archive);
  const rebuilt = await archive("rebuild-manifest", at(`${key}.tar.gz`));
  expect(rebuilt).toMatchObject({ exitCode: 0, stderr: "" });
  const verified = await archive("verify", at(`${key}.tar.gz`), "--json");
  expect(JSON.parse(verified.stdout)).toMatchObject({ whole: true, files: 3, damaged: [] });
  const { manifest } = await fixtureSource({
    archive: fixture.archive,
    manifest: readFileSync(at(`${key}.manifest.gz`)),
  });
  expect(manifest.header.who).toMatchObject({ sgcId: 42n, backupId: 5n });

  const before = readFileSync(at(`${key}.manifest.gz`));
  const again = await archive("rebuild-manifest", at(`${key}.tar.gz`));
  expect(again.exitCode).toBe(4);
  expect(again.stderr).toContain("5.manifest.gz is there already; --force replaces it");
  expect(readFileSync(at(`${key}.manifest.gz`)).equals(before)).toBe(true);
  const forced = await archive("rebuild-manifest", at(`${key}.tar.gz`), "--force", "--sgc", "7");
  expect(forced.exitCode).toBe(0);
  expect(readdirSync(at("backups", "42")).toSorted()).toEqual(["5.manifest.gz", "5.tar.gz"]);
});

test("two backups are compared by their manifests alone", async () => {
  await writeArchive("4");
  await writeArchive("5", [
    ...tree.filter(({ path }) => !["game/level.dat", "game/newest"].includes(String(path))),
    fileEntry("game/level.dat", "the next level"),
    fileEntry("game/new", "new"),
  ]);
  rmSync(at("4.tar.gz"));
  rmSync(at("5.tar.gz"));
  const lines = await archive("diff", at("4.manifest.gz"), at("5.tar.gz"));
  expect(lines.stdout).toBe(
    [
      "~ game/level.dat (content, 14 B)",
      "+ game/new (3 B)",
      "- game/newest",
      "1 added (3 B), 1 changed (14 B), 1 removed (0 B)",
      "",
    ].join("\n"),
  );
  const totals = await archive(
    "diff",
    at("4.manifest.gz"),
    at("5.manifest.gz"),
    "--totals",
    "--json",
  );
  expect(JSON.parse(totals.stdout)).toMatchObject({ totals: { added: 1, changedBytes: 14 } });
});

test("an incremental archive takes its base from beside it, or from where it is said to be", async () => {
  const base = await packFixture(tree, { numbers: tinyNumbers });
  const source = await fixtureSource(base);
  const inBase = new Map<string, ManifestEntry & { kind: "file" }>();
  for await (const entry of source.manifest.entries()) {
    if (entry.kind !== "file") continue;
    const extents = entry.extents.map((extent) => ({ ...extent, source: "base" as const }));
    inBase.set(entry.path.toString("latin1"), { ...entry, extents });
  }
  const named = { key: "backups/42/4.tar.gz", etag: "e", root: source.manifest.root, backupId: 4n };
  const header = { who: { ...fixtureHeader.who, kind: "incremental" as const }, base: named };
  const own = await packFixture([...tree, fileEntry("game/new", "new")], {
    numbers: tinyNumbers,
    inBase,
    header,
  });
  writeFileSync(at("5.tar.gz"), own.archive);
  writeFileSync(at("5.manifest.gz"), own.manifest);
  const alone = await archive("extract", at("5.tar.gz"), "--into", at("alone"));
  expect(alone.exitCode).toBe(3);
  expect(alone.stderr).toContain(
    `lies in backups/42/4.tar.gz, and there is no ${at("4.tar.gz")}; name it with --base`,
  );

  writeFileSync(at("4.tar.gz"), base.archive);
  writeFileSync(at("4.manifest.gz"), base.manifest);
  const beside = await archive("extract", at("5.tar.gz"), "--into", at("beside"));
  expect(beside.exitCode).toBe(0);
  expect(readFileSync(at("beside", "game", "level.dat"), "utf8")).toBe("the level");
  expect(readFileSync(at("beside", "game", "new"), "utf8")).toBe("new");

  mkdirSync(at("elsewhere"));
  for (const name of ["4.tar.gz", "4.manifest.gz"]) {
    copyFileSync(at(name), at("elsewhere", name));
    rmSync(at(name));
  }
  const moved = await archive("verify", at("5.tar.gz"), "--base", at("elsewhere", "4.tar.gz"));
  expect(moved.exitCode).toBe(0);
  const level = await source.manifest.find(Buffer.from("game/level.dat"));
  const { offset, number } = await source.manifest.segment(level?.headerSegment ?? -1);
  flipByte(at("elsewhere", "4.tar.gz"), offset + 40);
  const damaged = await archive("verify", at("5.tar.gz"), "--base", at("elsewhere", "4.tar.gz"));
  expect(damaged.exitCode).toBe(8);
  expect(damaged.stdout).toContain(
    `segment ${number} of the base: its stored bytes have another SHA-256\n  game/level.dat\n`,
  );
});

test("what is not there is not found, and s3 without a key is wrong usage", async () => {
  const missing = await archive("list", at("5.tar.gz"));
  expect(missing.exitCode).toBe(3);
  expect(missing.stderr).toContain("5.tar.gz: ENOENT (no such file or directory)");
  expect(await archive("list", "s3://bucket")).toMatchObject({
    exitCode: 2,
    stderr: "manman: s3://bucket is not of the form s3://bucket/key\n",
  });
});
