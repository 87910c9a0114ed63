import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { countedRanges, memoryRanges, type ReadRanges } from "../read-ranges.ts";
import { checkManifest } from "./check-manifest.ts";
import { diffManifests, diffTotals } from "./diff-manifests.ts";
import type { Manifest } from "./manifest-reader.ts";
import { planNumbersV1 } from "../plan/plan-numbers.ts";
import { type ManifestEntry, type ManifestHeader } from "./manifest-records.ts";
import { ManifestWriter } from "./manifest-writer.ts";
import { openManifest } from "./open-manifest.ts";
import { PathRanges } from "./path-ranges.ts";

const header: ManifestHeader = {
  codec: "gzip",
  level: 6,
  numbers: planNumbersV1,
  who: {
    installationId: "11111111-2222-4333-8444-555555555555",
    serverId: 7n,
    configId: 3n,
    sgcId: 42n,
    sessionId: null,
    backupId: 5n,
    kind: "full",
    description: "before the update",
    createdAtMs: 1_790_000_000_000,
    startedAtMs: 1_790_000_001_000,
  },
  base: null,
};

type FileEntry = ManifestEntry & { kind: "file" };

const attributes = {
  mode: 0o755,
  uid: 1000,
  gid: 1001,
  mtimeNs: 1_700_000_000_123_456_789n,
  ctimeNs: -1_500_000_000n,
  dev: 2n ** 64n - 1n,
  ino: 7n,
  headerSegment: 0,
};

function directory(path: string): ManifestEntry {
  return { ...attributes, path: Buffer.from(path), kind: "directory" };
}

function file(path: string | Buffer, sizeBytes = 5, rawOffset = 1024): FileEntry {
  return {
    ...attributes,
    mode: 0o644,
    path: Buffer.from(path),
    kind: "file",
    sizeBytes,
    sha256: sha256Of(String(path)),
    extents: sizeBytes === 0 ? [] : [{ source: "own", segment: 0, rawOffset, bytes: sizeBytes }],
    racy: false,
    warned: false,
    sqlite: null,
  };
}

function sha256Of(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

async function written(entries: readonly ManifestEntry[]): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const writer = new ManifestWriter(header, async (bytes) => void chunks.push(bytes));
  for (const entry of entries) await writer.addEntry(entry);
  await writer.addSegment({
    storedBytes: 300,
    rawBytes: 16_000_000,
    storedSha256: sha256Of("stored"),
    chunk: null,
    entryCount: entries.length,
    origin: "made",
    verifiedAtMs: 1_790_000_002_000,
  });
  await writer.addSegment({
    storedBytes: 200,
    rawBytes: 2048,
    storedSha256: sha256Of("stored chunk"),
    chunk: { dataBytes: 1_600, dataSha256: sha256Of("chunk") },
    entryCount: 0,
    origin: "copied",
    verifiedAtMs: 1_790_000_001_000,
  });
  await writer.end(0);
  return Buffer.concat(chunks);
}

async function opened(entries: readonly ManifestEntry[]): Promise<Manifest> {
  return await openManifest(memoryRanges(await written(entries)));
}

async function listed(manifest: Manifest, within?: PathRanges): Promise<ManifestEntry[]> {
  const entries: ManifestEntry[] = [];
  for await (const entry of manifest.entries(within)) entries.push(entry);
  return entries;
}

function countingRanges(bytes: Buffer): { ranges: ReadRanges; reads: () => number } {
  let count = 0;
  const ranges = countedRanges(memoryRanges(bytes), () => void (count += 1));
  return { ranges, reads: () => count };
}

const oddEntries: ManifestEntry[] = [
  directory("game/"),
  { ...file("game/a"), racy: true, sqlite: { wal: null } },
  { ...file("game/b", 0, 0), warned: true },
  {
    ...file("game/c", 5, 2048),
    sqlite: { wal: { sizeBytes: 4152, mtimeNs: 1n, ctimeNs: -1n, dev: 2n ** 63n, ino: 9n } },
  },
  {
    ...file("game/large", 5_000_000),
    extents: [{ source: "own", segment: 0, rawOffset: 0, bytes: 5_000_000 }],
  },
  {
    ...attributes,
    path: Buffer.from("game/link"),
    kind: "symlink",
    target: Buffer.from("caf\xe9", "latin1"),
  },
  {
    ...attributes,
    path: Buffer.from("game/name"),
    kind: "hardlink",
    target: Buffer.from("game/a"),
  },
  file(Buffer.from("game/\xff\xfe", "latin1"), 1, 8192),
  directory("game/z/"),
  directory("game/y/"),
];

test("everything that was written is read back", async () => {
  const manifest = await opened(oddEntries);
  expect(manifest.header).toEqual(header);
  expect(await listed(manifest)).toEqual(oddEntries);
  expect(manifest.totals).toEqual({
    files: 5,
    directories: 3,
    symlinks: 1,
    hardlinks: 1,
    fileBytes: 5_000_011,
    baseBytes: 0,
    segments: 2,
    rawBytes: 16_002_048,
    storedBytes: 500,
    copiedBytes: 200,
    oldestVerifiedAtMs: 1_790_000_001_000,
    warnings: 0,
  });
  const segmentDigests = [sha256Of("stored"), sha256Of("stored chunk")];
  const root = createHash("sha256").update(Buffer.concat(segmentDigests)).digest();
  expect(manifest.root.equals(root)).toBe(true);
  expect(await manifest.segment(0)).toMatchObject({
    number: 0,
    offset: 0,
    storedBytes: 300,
    entryCount: 10,
    chunk: null,
  });
  expect(await manifest.segment(1)).toMatchObject({
    number: 1,
    offset: 300,
    entryCount: 0,
    chunk: { dataBytes: 1_600, dataSha256: sha256Of("chunk") },
  });
});

test("a manifest is lines of JSON for whoever unpacks it", async () => {
  const text = gunzipSync(await written([directory("game/"), file("game/a")])).toString();
  const [headerLine, segmentsLine, index, trailer] = text
    .split("\n")
    .filter((line) => !line.startsWith('{"entries"'));
  expect(headerLine).toBe(
    '{"format":"manman-archive","version":1,"codec":"gzip","level":6,"numbers":{"smallFileBytesMax":1048576,"chunkBytes":2097152,"groupBytesMin":524288,"groupBytesTarget":2097152,"groupBytesMax":4194304},"who":{"installationId":"11111111-2222-4333-8444-555555555555","serverId":7,"configId":3,"sgcId":42,"sessionId":null,"backupId":5,"kind":"full","description":"before the update","createdAtMs":1790000000000,"startedAtMs":1790000001000},"base":null}',
  );
  expect(text.split("\n")[1]).toBe(
    '{"entries":{"path":["game/","game/a"],"type":"df","header":[0,0],"mode":[493,420],"uid":[1000,1000],"gid":[1001,1001],"mtime":[1700000000,1700000000],"mtimeNs":[123456789,123456789],"ctime":[-2,-2],"ctimeNs":[500000000,500000000],"dev":["18446744073709551615","18446744073709551615"],"ino":[7,7],"target":[],"size":[5],"sha256":"Aa0V1WwiUmIf9HvfZZhFUgLLoVUy7hJqgvhhB2MDGWo","extents":{"pieces":[1],"source":"o","segment":[0],"block":[2],"bytes":[]},"racy":[],"warned":[],"sqlite":[]}}',
  );
  expect(segmentsLine).toBe(
    '{"segments":{"first":0,"offset":0,"stored":[300,200],"raw":[16000000,2048],"entries":[2,0],"data":[0,1600],"origin":"mc","verifiedMs":[1790000002000,1790000001000],"storedSha256":"h7BOWJYfmpnYU9QEagtbeT58Pku9IfWsqPsXwgzbHYuaKrQCe1Joa4pUybe2IkhlWRbZdU4affWkn/S6njJmCw","dataSha256":"bIf2g3GyiVRwfruSr+58z/t0xvceyP6oqYz2EEKJWFs"}}',
  );
  expect(index).toMatch(
    /^\{"index":\{"kind":"has","stored":\[\d+,\d+,\d+\],"count":\[0,2,2\],"first":\["game\/"\],"sha256":"/,
  );
  expect(trailer).toMatch(
    /^\{"trailer":\{"offset":"\d{16}","bytes":"\d{16}","sha256":"[0-9a-f]{64}"\}\}$/,
  );
});

function number(at: number): string {
  return String(at).padStart(5, "0");
}

function manyEntries(): ManifestEntry[] {
  return [
    directory("game/"),
    ...Array.from({ length: 5000 }, (_, at) =>
      file(`game/d${number(at >> 3)}/${number(at)}`, 5, at * 1024),
    ),
    ...Array.from({ length: 625 }, (_, at) => directory(`game/d${number(624 - at)}/`)),
  ];
}

test("one path among thousands is found in its one block", async () => {
  const { ranges, reads } = countingRanges(await written(manyEntries()));
  const manifest = await openManifest(ranges);
  const openReads = reads();
  for (const path of [
    "game/",
    "game/d00000/00000",
    "game/d00400/03200",
    "game/d00624/04999",
    "game/d00300/",
    "game/d00000/",
  ]) {
    const before = reads();
    expect((await manifest.find(Buffer.from(path)))?.path.toString()).toBe(path);
    expect(reads() - before).toBe(1);
  }
  expect(openReads).toBe(2);
  for (const path of [
    "",
    "a",
    "game",
    "game/d",
    "game/d00400/03200x",
    "game/e/",
    "z",
    "game/d00624/04999/",
  ]) {
    expect(await manifest.find(Buffer.from(path))).toBeUndefined();
  }
});

test("a range of paths reads only the blocks that may hold them", async () => {
  const { ranges, reads } = countingRanges(await written(manyEntries()));
  const manifest = await openManifest(ranges);
  const before = reads();
  const within = new PathRanges([Buffer.from("game/d00400/")]);
  const found = (await listed(manifest, within)).filter(({ path }) =>
    path.toString().startsWith("game/d00400/"),
  );
  expect(found.map(({ path }) => path.toString())).toEqual([
    ...Array.from({ length: 8 }, (_, at) => `game/d00400/0${3200 + at}`),
    "game/d00400/",
  ]);
  expect(reads() - before).toBe(2);
});

test("a whole manifest agrees with itself", async () => {
  const manifest = await opened(manyEntries());
  await expect(checkManifest(manifest)).resolves.toBeUndefined();
});

const lies: readonly { lie: string; entries: ManifestEntry[]; words: string }[] = [
  {
    lie: "an extent beyond its segment",
    entries: [directory("game/"), file("game/a", 900_000, 15_360_000)],
    words: "extent of game/a in segment 0 (own) reaches beyond its segment",
  },
  {
    lie: "an extent behind the last segment",
    entries: [
      directory("game/"),
      { ...file("game/a"), extents: [{ source: "own", segment: 3, rawOffset: 0, bytes: 5 }] },
    ],
    words: "extent of game/a in segment 3 (own) lies behind the last segment",
  },
  {
    lie: "extents that overlap",
    entries: [directory("game/"), file("game/a", 5, 1024), file("game/b", 5, 1024)],
    words: "extent of game/b in segment 0 (own) begins before the one in front of it ends",
  },
  {
    lie: "a base that is not named",
    entries: [
      directory("game/"),
      { ...file("game/a"), extents: [{ source: "base", segment: 0, rawOffset: 0, bytes: 5 }] },
    ],
    words: "extent of game/a in segment 0 (base) lies in a base, and there is none",
  },
  {
    lie: "a header that is nowhere",
    entries: [directory("game/"), { ...file("game/a"), headerSegment: null }],
    words: "entry game/a has its header in a base, and there is none",
  },
  {
    lie: "a header in another segment",
    entries: [directory("game/"), { ...file("game/a"), headerSegment: 1 }],
    words: "entry game/a has its header in segment 1, out of order",
  },
];

test.each(lies)("$lie is found", async ({ entries, words }) => {
  const manifest = await opened(entries);
  await expect(checkManifest(manifest)).rejects.toThrow(words);
});

test("entries out of order are not written", async () => {
  for (const [first, second] of [
    ["game/b", "game/a"],
    ["game/a", "game/a"],
    ["game/d/", "game/a"],
    ["game/c/", "game/d/"],
  ] as const) {
    const entryOf = (path: string): ManifestEntry =>
      path.endsWith("/") ? directory(path) : file(path);
    await expect(written([directory("game/"), entryOf(first), entryOf(second)])).rejects.toThrow(
      `entries out of order: ${first}, then ${second}`,
    );
  }
});

test("a manifest of another server game config is refused", async () => {
  const bytes = await written([directory("game/")]);
  await expect(openManifest(memoryRanges(bytes), { sgcId: 43n })).rejects.toThrow(
    "manifest header is of server game config 42, not 43",
  );
  await openManifest(memoryRanges(bytes), { sgcId: 42n });
});

test("a manifest that is cut off anywhere is refused", async () => {
  const bytes = await written(oddEntries);
  for (let length = 0; length < bytes.length; length += 7) {
    await expect(openManifest(memoryRanges(bytes.subarray(0, length)))).rejects.toMatchObject({
      kind: "corrupt",
    });
  }
});

test("two backups are compared path by path", async () => {
  const before = await opened([
    directory("game/"),
    file("game/changed", 5),
    file("game/kept", 5, 2048),
    file("game/removed", 100, 4096),
    file("game/touched", 5, 8192),
    file("game/was-file", 5, 16_384),
    directory("game/old/"),
    directory("game/dir/"),
  ]);
  const after = await opened([
    directory("game/"),
    file("game/added", 7, 1024),
    { ...file("game/changed", 9, 4096), sha256: sha256Of("new") },
    file("game/kept", 5, 8192),
    { ...file("game/touched", 5, 16_384), mtimeNs: 1n },
    directory("game/was-file/"),
    directory("game/dir/"),
  ]);
  const changes = [];
  for await (const change of diffManifests(before, after)) changes.push(change);
  const lines = changes.map(({ change, path, bytes }) => `${change} ${path.toString()} ${bytes}`);
  expect(lines).toEqual([
    "added game/added 7",
    "changed game/changed 9",
    "removed game/removed 100",
    "changed game/touched 0",
    "removed game/was-file 5",
    "added game/was-file/ 0",
    "removed game/old/ 0",
  ]);
  expect(changes[3]).toMatchObject({ content: false, attributes: true });
  expect(await diffTotals(diffManifests(before, after))).toEqual({
    added: 2,
    removed: 3,
    changed: 2,
    addedBytes: 7,
    removedBytes: 105,
    changedBytes: 9,
  });
});

test("whatever the entries, they are read back and each is found", async () => {
  const time = fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n });
  const id = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  const part = fc.record({
    name: fc
      .uint8Array({ minLength: 1, maxLength: 30 })
      .map((bytes) =>
        Buffer.from(bytes.map((byte) => (byte === 0 || byte === 0x2f ? 0x61 : byte))),
      ),
    mtimeNs: time,
    ctimeNs: time,
    dev: id,
    ino: id,
    uid: fc.nat(2 ** 31 - 1),
    sizeBytes: fc.nat(1_048_576),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 40 }), async (parts) => {
      const named = new Map(parts.map((each) => [each.name.toString("latin1"), each]));
      for (const name of [".", ".."]) named.delete(name);
      const sorted = [...named.values()].toSorted((a, b) => Buffer.compare(a.name, b.name));
      const entries = [
        directory("game/"),
        ...sorted.map(({ name, sizeBytes, ...rest }, at) => ({
          ...file(
            Buffer.concat([Buffer.from("game/"), name]),
            sizeBytes,
            (at * 2_097_152) % 16_000_000,
          ),
          ...rest,
        })),
      ];
      const manifest = await opened(entries);
      expect(await listed(manifest)).toEqual(entries);
      for (const entry of entries) expect(await manifest.find(entry.path)).toEqual(entry);
    }),
    { numRuns: 60, seed: 3 },
  );
});
