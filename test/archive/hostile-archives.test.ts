// Archives that want out. A few hundred drawn ones here; `npm run hostile` tries ten thousand.
import { execFileSync } from "node:child_process";
import { existsSync, lstatSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { extractBare, extractFixture } from "./extract-fixture.ts";
import { packFixture, tinyNumbers } from "./fixture-archive.ts";
import { directoryEntry, fileEntry, hardlinkEntry, symlinkEntry } from "./fixture-tree.ts";
import { innocentTree, tryHostileArchives } from "./hostile-archives.ts";
import { paxBlocks, tarBlocks, type TarFields } from "./hostile-tar.ts";
import { resealedManifest } from "./mutated-manifest.ts";
import { scratchDir } from "./scratch-dir.ts";

const end = Buffer.alloc(1024);
const file = (path: string, more: Partial<TarFields> = {}): Buffer =>
  tarBlocks({ path, typeFlag: "0", data: Buffer.from("x"), ...more });
const link = (path: string, target: string, typeFlag = "2"): Buffer =>
  tarBlocks({ path, typeFlag, target });

const tars: readonly { attack: string; blocks: Buffer[]; words: string }[] = [
  { attack: "an absolute path", blocks: [file("/game/x")], words: "an absolute path" },
  { attack: "a path with ..", blocks: [file("game/../../x")], words: "an empty name, . or .." },
  {
    attack: "a path with .. in its pax record",
    blocks: [paxBlocks({ path: "../x" }), file("game/x")],
    words: "an empty name, . or ..",
  },
  {
    attack: "a file through a symlink",
    blocks: [link("game/a", "../../outside"), file("game/a/x")],
    words: "that path twice",
  },
  {
    attack: "a file through a symlink, link last",
    blocks: [file("game/a/x"), link("game/a", "../../outside")],
    words: "that path twice",
  },
  {
    attack: "a link over a file",
    blocks: [file("game/a"), link("game/a", "/etc/passwd")],
    words: "that path twice",
  },
  { attack: "a file twice", blocks: [file("game/a"), file("game/a")], words: "that path twice" },
  {
    attack: "a directory twice",
    blocks: [
      tarBlocks({ path: "game/", typeFlag: "5" }),
      tarBlocks({ path: "game/", typeFlag: "5" }),
    ],
    words: "that path twice",
  },
  {
    attack: "a file as a directory",
    blocks: [file("game/a"), file("game/a/x")],
    words: "is no directory",
  },
  {
    attack: "a directory over a file",
    blocks: [file("game/a"), tarBlocks({ path: "game/a/", typeFlag: "5" })],
    words: "is no directory",
  },
  {
    attack: "a hard link out",
    blocks: [link("game/a", "../outside/precious", "1")],
    words: "an empty name, . or ..",
  },
  {
    attack: "a hard link to an absolute path",
    blocks: [link("game/a", "/etc/passwd", "1")],
    words: "an absolute path",
  },
  {
    attack: "a hard link to what is not there",
    blocks: [link("game/a", "game/nothing", "1")],
    words: "which is not there",
  },
  {
    attack: "a hard link through a symlink",
    blocks: [link("game/a", "../../outside"), link("game/b", "game/a/precious", "1")],
    words: "is no directory",
  },
  {
    attack: "a hard link to a directory",
    blocks: [tarBlocks({ path: "game/d/", typeFlag: "5" }), link("game/b", "game/d", "1")],
    words: "a hard link to what is no file",
  },
  {
    attack: "a character device",
    blocks: [file("game/a", { typeFlag: "3" })],
    words: "is a character device",
  },
  {
    attack: "a block device",
    blocks: [file("game/a", { typeFlag: "4" })],
    words: "is a block device",
  },
  { attack: "a fifo", blocks: [file("game/a", { typeFlag: "6" })], words: "is a fifo" },
  {
    attack: "a directory with a size",
    blocks: [tarBlocks({ path: "game/a/", typeFlag: "5", size: "00000001000" })],
    words: "is a directory of 512 bytes",
  },
  {
    attack: "a size that is no number",
    blocks: [file("game/a", { size: "garbage" })],
    words: "has no number as size",
  },
  {
    attack: "a size beyond the end",
    blocks: [file("game/a", { size: "00000100000" })],
    words: "is cut off",
  },
  {
    attack: "a size beyond what is allowed",
    blocks: [file("game/a", { size: "77777777777" })],
    words: "more than may be extracted",
  },
  {
    attack: "something behind the end",
    blocks: [file("game/a"), end, file("game/b")],
    words: "behind the end",
  },
  { attack: "no end", blocks: [file("game/a")], words: "is cut off" },
  {
    attack: "records for all entries",
    blocks: [
      tarBlocks({ path: "g", typeFlag: "g", data: Buffer.from("16 path=../../x\n") }),
      file("game/a"),
    ],
    words: "for all entries at once",
  },
  {
    attack: "a sparse file in GNU's form",
    blocks: [file("game/a", { typeFlag: "S" })],
    words: "a sparse file",
  },
];

test.each(tars)(
  "$attack in a bare archive is refused by name",
  async ({ attack, blocks, words }) => {
    const dir = scratchDir();
    mkdirSync(join(dir, "outside"));
    writeFileSync(join(dir, "outside", "precious"), "untouched");
    const stream = Buffer.concat(attack.includes("end") ? blocks : [...blocks, end]);
    await expect(extractBare(gzipSync(stream), join(dir, "target"))).rejects.toMatchObject({
      kind: "corrupt",
      message: expect.stringContaining(words) as string,
    });
    expect(readFileSync(join(dir, "outside", "precious"), "latin1")).toBe("untouched");
    expect(existsSync(join(dir, "outside", "x"))).toBe(false);
    expect(lstatSync(join(dir, "outside", "precious")).nlink).toBe(1);
  },
);

test("symlinks that lead out are made as they were, or refused when asked", async () => {
  const dir = scratchDir();
  const tree = [
    directoryEntry("game/"),
    directoryEntry("game/d/"),
    symlinkEntry("game/d/inside", "../d/./x"),
    symlinkEntry("game/d/out", "../../x"),
  ];
  const fixture = await packFixture(tree);
  await extractFixture(fixture, join(dir, "kept"));
  expect(lstatSync(join(dir, "kept/game/d/out")).isSymbolicLink()).toBe(true);
  await expect(
    extractFixture(fixture, join(dir, "refused"), { outwardLinks: "refuse" }),
  ).rejects.toThrow("game/d/out: the symlink leads out of the tree");
});

test("a target that is not empty is refused, and nothing in it changes", async () => {
  const dir = scratchDir();
  const target = join(dir, "target");
  mkdirSync(target);
  writeFileSync(join(target, "mine"), "mine");
  const fixture = await packFixture(innocentTree());
  await expect(extractFixture(fixture, target)).rejects.toThrow(
    "the target directory is not empty",
  );
  expect(execFileSync("ls", [target], { encoding: "utf8" })).toBe("mine\n");
});

type Columns = Record<string, unknown[]> & { extents: Record<string, unknown> };
const lies: readonly { lie: string; change: (entries: Columns) => void; words: string }[] = [
  {
    lie: "a path with ..",
    change: (columns) => void (columns["path"] = replaced(columns["path"], 1, "game/../x")),
    words: "a path with an empty name, . or ..",
  },
  {
    lie: "an absolute path",
    change: (columns) => void (columns["path"] = replaced(columns["path"], 1, "/x")),
    words: "an absolute path",
  },
  {
    lie: "a path twice",
    change: (columns) => void (columns["path"] = replaced(columns["path"], 2, "game/a/b/one")),
    words: "out of order, or twice",
  },
  {
    lie: "a path beside the root",
    change: (columns) => void (columns["path"] = replaced(columns["path"], 7, "gamf")),
    words: "beside the root",
  },
  {
    lie: "a column too short",
    change: (columns) => void columns["mode"]?.pop(),
    words: "mode has 7 values for 8 records",
  },
  {
    lie: "a size that its extents do not have",
    change: (columns) => void (columns["size"] = replaced(columns["size"], 3, 5)),
    words: "extents of another size than its own",
  },
  {
    lie: "another size",
    change: (columns) => void (columns["size"] = replaced(columns["size"], 0, 2)),
    words: "its data has another SHA-256",
  },
  {
    lie: "an extent beyond its segment",
    change: ({ extents }) => void (extents["block"] = replaced(extents["block"], 1, 10_000)),
    words: "reaches beyond it",
  },
  {
    lie: "a segment that is not there",
    change: ({ extents }) => void (extents["segment"] = [99, 99, 100]),
    words: "names segment 99",
  },
  {
    lie: "extents out of order",
    change: ({ extents }) => void (extents["segment"] = [3, 0, 2]),
    words: "begins before the one in front of it ends",
  },
  {
    lie: "a base that is not there",
    change: ({ extents }) => void (extents["source"] = "bbb"),
    words: "the archive's base was not given",
  },
  {
    lie: "a device",
    change: (columns) => void Object.assign(columns, { type: "dcfffhll" }),
    words: "type holds another letter",
  },
  {
    lie: "a hard link out",
    change: (columns) => void (columns["target"] = replaced(columns["target"], 0, "../x")),
    words: "a path with an empty name, . or ..",
  },
];

test.each(lies)(
  "$lie in a manifest with right digests is refused by name",
  async ({ change, words }) => {
    const dir = scratchDir();
    const fixture = await packFixture(innocentTree(), { numbers: tinyNumbers });
    const manifest = resealedManifest(fixture.manifest, (lines) => {
      const entries = lines.find((line) => "entries" in line) as { entries: Columns };
      change(entries.entries);
    });
    const refused = extractFixture({ ...fixture, manifest }, join(dir, "target"), { workers: 0 });
    await expect(refused).rejects.toThrow(words);
  },
);

const chunkLies: readonly { lie: string; change: (segments: Columns) => void; words: string }[] = [
  {
    lie: "another digest of a chunk",
    change: (columns) => {
      const digests = String(columns["dataSha256"]);
      Object.assign(columns, {
        dataSha256: `${digests.startsWith("A") ? "B" : "A"}${digests.slice(1)}`,
      });
    },
    words: "its data has another SHA-256",
  },
  {
    lie: "a chunk of more data than its segment has",
    change: (columns) =>
      void (columns["data"] =
        columns["data"]?.map((bytes) => (bytes === 0 ? 0 : 16_000_000)) ?? []),
    words: "is more than its raw bytes",
  },
];

test.each(chunkLies)(
  "$lie in a manifest with right digests is refused by name",
  async ({ change, words }) => {
    const fixture = await packFixture(innocentTree(), { numbers: tinyNumbers });
    const manifest = resealedManifest(fixture.manifest, (lines) => {
      const segments = lines.find((line) => "segments" in line) as { segments: Columns };
      change(segments.segments);
    });
    const target = join(scratchDir(), "target");
    await expect(extractFixture({ ...fixture, manifest }, target, { workers: 0 })).rejects.toThrow(
      words,
    );
  },
);

test("a base outside the prefix of its own server game config is refused", async () => {
  const fixture = await packFixture(innocentTree());
  const manifest = resealedManifest(fixture.manifest, ([header]) => {
    const root = "A".repeat(43);
    Object.assign(header ?? {}, {
      base: { key: "backups/43/1.tar.gz", etag: "e", root, backupId: 1 },
    });
  });
  await expect(extractFixture({ ...fixture, manifest }, join(scratchDir(), "t"))).rejects.toThrow(
    'manifest header: base key "backups/43/1.tar.gz" lies outside the prefix of its server game config',
  );
});

test("a block that unpacks to more than any line may have is refused", async () => {
  const fixture = await packFixture(innocentTree());
  const manifest = resealedManifest(fixture.manifest, (lines) => {
    const entries = lines.find((line) => "entries" in line) as Record<string, unknown>;
    entries["bomb"] = "0".repeat(9_000_000);
  });
  await expect(extractFixture({ ...fixture, manifest }, join(scratchDir(), "t"))).rejects.toThrow(
    "cannot be decompressed to 8388608 bytes",
  );
});

test("more files than the totals announce are refused", async () => {
  const fixture = await packFixture(innocentTree());
  const manifest = resealedManifest(fixture.manifest, (lines) => {
    const { totals } = lines.at(-1) as unknown as { totals: { fileBytes: number } };
    totals.fileBytes = 5000;
  });
  await expect(extractFixture({ ...fixture, manifest }, join(scratchDir(), "t"))).rejects.toThrow(
    "more than the manifest's totals say",
  );
});

test("a sparse bomb is held to the bytes that may be extracted", async () => {
  const zeros = tarBlocks({ path: "game/a", typeFlag: "0", data: Buffer.alloc(40_000_000) });
  const bomb = gzipSync(Buffer.concat([zeros, end]));
  const dir = scratchDir();
  const limits = { bytesMax: 39_000_000, entriesMax: 10 };
  await expect(extractBare(bomb, join(dir, "small"), { limits })).rejects.toThrow(
    "more than may be extracted",
  );
  await extractBare(bomb, join(dir, "large"));
  expect(statSync(join(dir, "large/game/a")).blocks).toBe(0);
});

test("names asked for without the one that carries their data share one copy of it", async () => {
  const dir = scratchDir();
  const names = ["game/b", "game/c", "game/d"];
  const links = names.map((name) => hardlinkEntry(name, "game/a"));
  const tree = [directoryEntry("game/"), fileEntry("game/a", "data"), ...links];
  await extractFixture(await packFixture(tree), join(dir, "out"), { paths: names });
  expect(existsSync(join(dir, "out/game/a"))).toBe(false);
  expect(readFileSync(join(dir, "out/game/d"), "latin1")).toBe("data");
  expect(lstatSync(join(dir, "out/game/b")).nlink).toBe(3);
});

test("300 drawn archives write nothing outside the target, and end", async () => {
  const { outcomes, findings } = await tryHostileArchives(scratchDir(), 1, 300);
  expect(findings).toEqual([]);
  expect(outcomes.corrupt).toBeGreaterThan(150);
});

function replaced(column: unknown, at: number, value: unknown): unknown[] {
  return (column as unknown[]).with(at, value);
}
