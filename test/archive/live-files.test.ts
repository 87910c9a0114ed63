import {
  appendFileSync,
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { packArchive, type PackSummary } from "@manman/archive/pack/pack-archive.ts";
import { readSmallFile, type SmallFile } from "@manman/archive/pack/read-small-file.ts";
import { entryStatus } from "@manman/archive/scan/entry-status.ts";
import { expect, onTestFinished, test } from "vitest";
import { SeededRandom } from "../worlds/seeded-random.ts";
import { packOptions } from "./pack-tree.ts";
import { scratchDir } from "./scratch-dir.ts";
import { listMembers, type ListedMember } from "./tar-listing.ts";

const mebibyte = 1024 * 1024;

/** A tree with one file of 32 MiB that does not compress, so that the packer is still in it after the first chunk. */
function largeTree(): { root: string; large: string } {
  const root = join(scratchDir(), "data");
  mkdirSync(root);
  const large = join(root, "large");
  writeFileSync(large, new SeededRandom(1).bytes(32 * mebibyte));
  return { root, large };
}

/** Packs a tree and does something to it once the first chunk is out; no more is read than is taken. */
async function packWhile(
  root: string,
  meanwhile: () => void,
): Promise<{ members: ListedMember[]; summary: PackSummary }> {
  const compression = { codec: "gzip", level: 1 } as const;
  const packed = packArchive(packOptions({ rootPath: root, compression }));
  const chunks: Uint8Array[] = [];
  for await (const chunk of packed.bytes) {
    if (chunks.length === 0) meanwhile();
    chunks.push(Buffer.from(chunk));
  }
  return { members: listMembers(Buffer.concat(chunks)), summary: packed.summary() };
}

test("a file that grows while it is read keeps the size that was announced", async () => {
  const { root, large } = largeTree();
  const { members, summary } = await packWhile(root, () => {
    appendFileSync(large, "more");
  });
  expect(members).toMatchObject([{ name: "game" }, { name: "game/large", size: 33_554_432 }]);
  const detail = "was 33554432 bytes, is now 33554436";
  expect(summary.warnings).toEqual({
    count: 1,
    first: [{ path: "game/large", kind: "changed", detail }],
  });
});

test("a file that is cut off while it is read is filled up with zeros", async () => {
  const { root, large } = largeTree();
  writeFileSync(join(root, "next"), "the next file is still found");
  const { members, summary } = await packWhile(root, () => {
    truncateSync(large, 20 * mebibyte);
  });
  expect(members).toMatchObject([
    { name: "game" },
    { name: "game/large", size: 33_554_432 },
    { name: "game/next", size: 28 },
  ]);
  expect(summary.warnings.first).toMatchObject([{ path: "game/large", kind: "changed" }]);
});

test("a file whose time moves while it is read is reported", async () => {
  const { root, large } = largeTree();
  const { summary } = await packWhile(root, () => {
    utimesSync(large, 1, 1);
  });
  expect(summary.warnings.first).toEqual([
    { path: "game/large", kind: "changed", detail: "was written to while it was read" },
  ]);
});

test("files and directories that vanish before their turn are left out with a warning", async () => {
  const { root } = largeTree();
  // More files than the packer opens ahead stand between the large one and those that vanish.
  for (let i = 100; i < 200; i += 1) writeFileSync(join(root, `m-${i}`), "stays");
  writeFileSync(join(root, "x"), "vanishes");
  mkdirSync(join(root, "y"));
  writeFileSync(join(root, "y/inside"), "vanishes");
  writeFileSync(join(root, "z"), "stays");
  const { members, summary } = await packWhile(root, () => {
    rmSync(join(root, "x"));
    rmSync(join(root, "y"), { recursive: true });
  });
  expect(members.slice(-2).map(({ name }) => name)).toEqual(["game/m-199", "game/z"]);
  expect(summary.warnings).toMatchObject({
    count: 2,
    first: [
      { path: "game/x", kind: "vanished" },
      { path: "game/y/", kind: "vanished" },
    ],
  });
  expect(summary).toMatchObject({ entries: 103, files: 102, directories: 1 });
});

test("a small file that grew since it was listed is taken as it is now, also when it is no longer small", async () => {
  const { root } = largeTree();
  for (const name of ["x", "y", "z"]) writeFileSync(join(root, name), "small");
  const { members, summary } = await packWhile(root, () => {
    appendFileSync(join(root, "x"), " and more");
    appendFileSync(join(root, "y"), Buffer.alloc(3 * mebibyte, "y"));
  });
  expect(members.slice(-3)).toMatchObject([
    { name: "game/x", size: 14 },
    { name: "game/y", size: 3_145_733 },
    { name: "game/z", size: 5 },
  ]);
  expect(summary.warnings.count).toBe(0);
});

test("a file that holds less than it says is filled up with zeros, never with memory", () => {
  // The kernel's own files claim a page and hold a few bytes.
  const found = readSmall("/sys/devices/system/cpu", "online");
  expect(found.kind).toBe("read");
  expect(String(found.data)).toMatch(/^[\d,-]+\n\0{4000,}$/);
});

test("a file that has grown beyond a small one is handed back to be read in chunks", () => {
  const dir = scratchDir();
  writeFileSync(join(dir, "log"), "small");
  let readings = 0;
  const found = readSmall(dir, "log", () => {
    readings += 1;
    if (readings === 1) appendFileSync(join(dir, "log"), Buffer.alloc(mebibyte));
  });
  expect(found.kind).toBe("outgrown");
});

test("a small file that never stands still is taken in the size that it announces, with a warning", () => {
  const dir = scratchDir();
  writeFileSync(join(dir, "busy"), "x");
  const found = readSmall(dir, "busy", () => appendFileSync(join(dir, "busy"), "x"));
  expect(found).toMatchObject({
    kind: "read",
    status: { sizeBytes: 4 },
    changed: "was 4 bytes, is now 5",
  });
  expect(found.data.toString()).toBe("xxxx");
});

test("a small file that stands still at last is taken without a warning", () => {
  const dir = scratchDir();
  writeFileSync(join(dir, "busy"), "x");
  let writes = 0;
  const found = readSmall(dir, "busy", () => {
    writes += 1;
    if (writes < 4) appendFileSync(join(dir, "busy"), "x");
  });
  expect(found).toMatchObject({ kind: "read", status: { sizeBytes: 4 } });
  expect(found).not.toHaveProperty("changed");
  expect(found.data.toString()).toBe("xxxx");
});

/** Reads a file of a directory as a worker does, right after it was looked at. */
function readSmall(
  dir: string,
  name: string,
  beforeEachReading: () => void = () => undefined,
): SmallFile & { data: Buffer } {
  const rootFd = openSync(dir, "r");
  onTestFinished(() => closeSync(rootFd));
  const tree = { rootFd, latin1Root: "game/", shownRoot: dir };
  const scanned = entryStatus(lstatSync(join(dir, name), { bigint: true }));
  let data = Buffer.alloc(0);
  const found = readSmallFile(tree, `game/${name}`, scanned, mebibyte, ({ sizeBytes }) => {
    beforeEachReading();
    data = Buffer.alloc(sizeBytes, "memory");
    return data;
  });
  return { ...found, data };
}
