// Whatever tree: what is packed comes back, by the manifest and from the bare archive.
import { mkdtempSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { extractBare, extractFixture } from "./extract-fixture.ts";
import { inArchiveOrder, packFixture, tinyNumbers, type FixtureEntry } from "./fixture-archive.ts";
import { fixtureTree } from "./fixture-tree.ts";
import { scratchDir } from "./scratch-dir.ts";

const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

/** Names of any bytes: short ones often, so that paths meet, and long ones and what is no text now and then. */
const name = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom("a", "b", "c", "a-b", "a.b", "A") },
  { weight: 2, arbitrary: fc.uint8Array({ minLength: 1, maxLength: 12 }).map(nameOf) },
  { weight: 1, arbitrary: fc.integer({ min: 90, max: 255 }).map((length) => "n".repeat(length)) },
);
const mtimeNs = fc.bigInt({ min: -(10n ** 18n), max: 4n * 10n ** 18n });
const leaf = fc.oneof(
  fc.record({
    kind: fc.constant("file" as const),
    // Sizes on both sides of what is small, of a chunk, of a block and of a hole.
    size: fc.constantFrom(0, 1, 511, 512, 513, 2000, 2001, 3072, 3073, 6144, 8192, 9000),
    fill: fc.integer({ min: 0, max: 255 }),
    isSparse: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant("symlink" as const),
    target: fc.oneof(fc.constantFrom("a", "../..", "/etc", "x".repeat(150)), name),
  }),
  fc.record({ kind: fc.constant("hardlink" as const), pick: fc.nat(50) }),
);
const node = fc.record({
  path: fc.array(name, { minLength: 1, maxLength: 4 }),
  mode: fc.constantFrom(0o644, 0o600, 0o755, 0o4755, 0o1777, 0o400),
  directoryMode: fc.constantFrom(0o755, 0o700, 0o1777, 0o2755, 0o555),
  mtimeNs,
  leaf,
});
const tree = fc.array(node, { maxLength: 25 }).map(entriesOf);

test("a tree by its manifest and from the bare archive is the tree that was packed", async () => {
  const dir = scratchDir();
  const codec = fc.constantFrom("gzip" as const, "zstd" as const, "none" as const);
  await fc.assert(
    fc.asyncProperty(tree, codec, async (entries, chosen) => {
      const fixture = await packFixture(entries, { codec: chosen, numbers: tinyNumbers });
      const expected = inArchiveOrder(entries).map(shown);
      const byManifest = join(mkdtempSync(join(dir, "m-")), "out");
      await extractFixture(fixture, byManifest, { workers: 0 });
      expect(inArchiveOrder(fixtureTree(join(byManifest, "game"))).map(shown)).toEqual(expected);
      const bare = join(mkdtempSync(join(dir, "b-")), "out");
      await extractBare(fixture.archive, bare);
      expect(inArchiveOrder(fixtureTree(join(bare, "game"))).map(shown)).toEqual(expected);
    }),
    { numRuns: 60, seed: 4 },
  );
});

test("the pages of a file that are zeros take no space", async () => {
  const dir = scratchDir();
  const data = Buffer.concat([
    Buffer.alloc(2_000_000),
    Buffer.from("end"),
    Buffer.alloc(3_000_000),
  ]);
  const entries = entriesOf([]);
  const path = Buffer.from("game/sparse");
  const sparse = {
    ...owner,
    path,
    mode: 0o644,
    mtimeNs: 1n,
    kind: "file" as const,
    data: () => data,
  };
  await extractFixture(await packFixture([...entries, sparse]), join(dir, "out"));
  const [, found] = inArchiveOrder(fixtureTree(join(dir, "out", "game")));
  expect(found?.kind === "file" && found.data().equals(data)).toBe(true);
  expect(readFileSync(join(dir, "out/game/sparse")).length).toBe(5_000_003);
});

type Node = typeof node extends fc.Arbitrary<infer Value> ? Value : never;

/** Makes a tree of the nodes: the first to take a path keeps it, and directories come into being where they are needed. */
function entriesOf(nodes: readonly Node[]): FixtureEntry[] {
  const entries = new Map<string, FixtureEntry>();
  const put = (latin1Path: string, entry: (path: Buffer) => FixtureEntry): void => {
    entries.set(latin1Path, entry(Buffer.from(latin1Path, "latin1")));
  };
  put("game/", directory({ mode: 0o755, mtimeNs: 1_700_000_000_123_456_789n }));
  for (const each of nodes) {
    const parents = each.path.slice(0, -1);
    const above = parents.map((_, at) => ["game", ...parents.slice(0, at + 1)].join("/"));
    const latin1Path = ["game", ...each.path].join("/");
    const isTaken = [latin1Path, ...above].some((path) => entries.has(path));
    if (isTaken || entries.has(`${latin1Path}/`)) continue;
    for (const path of above) {
      if (!entries.has(`${path}/`))
        put(`${path}/`, directory({ mode: each.directoryMode, mtimeNs: each.mtimeNs }));
    }
    const { leaf: content, mode } = each;
    const attributes = { ...owner, mode, mtimeNs: each.mtimeNs };
    if (content.kind === "file") {
      const data = Buffer.alloc(content.size, content.isSparse ? 0 : content.fill);
      put(latin1Path, (path) => ({ ...attributes, path, kind: "file", data: () => data }));
    } else if (content.kind === "symlink") {
      const target = Buffer.from(content.target, "latin1");
      put(latin1Path, (path) => ({ ...attributes, mode: 0o777, path, kind: "symlink", target }));
    } else {
      // A hard link leads to a name before it.
      const carriers = [...entries.values()].filter(
        (entry) =>
          entry.kind === "file" &&
          Buffer.compare(entry.path, Buffer.from(latin1Path, "latin1")) < 0,
      );
      const carrier = carriers[content.pick % Math.max(1, carriers.length)];
      if (carrier === undefined) continue;
      const { uid, gid, mtimeNs: time, path: target } = carrier;
      const shared = { uid, gid, mode: carrier.mode, mtimeNs: time };
      put(latin1Path, (path) => ({ ...shared, path, kind: "hardlink", target }));
    }
  }
  return [...entries.values()];
}

function shown(entry: FixtureEntry): unknown {
  const { kind, path, mode, uid, gid, mtimeNs: time } = entry;
  const rest =
    kind === "file"
      ? entry.data().toString("latin1")
      : kind === "directory"
        ? ""
        : entry.target.toString("latin1");
  return [kind, path.toString("latin1"), mode, uid, gid, time, rest];
}

function nameOf(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString("latin1").replaceAll(/[/\0]/g, "_");
  return text === "." || text === ".." ? "dots" : text;
}

function directory(attributes: { mode: number; mtimeNs: bigint }): (path: Buffer) => FixtureEntry {
  return (path) => ({ ...owner, ...attributes, path, kind: "directory" });
}
