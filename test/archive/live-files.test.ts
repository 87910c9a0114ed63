import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  mkdirSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { captureFile } from "@manman/archive/capture-file.ts";
import { packArchive, type PackSummary } from "@manman/archive/pack-archive.ts";
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
    chunks.push(chunk);
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

test("a file that holds less than it says is filled up with zeros, never with memory", async () => {
  // The kernel's own files claim a page and hold a few bytes.
  const path = "/sys/devices/system/cpu/online";
  const capture = await captureFile({
    diskPath: Buffer.from(path),
    path: Buffer.from("game/short"),
    shownPath: path,
  });
  const bytes = capture.kind === "file" && capture.data.kind === "whole" && capture.data.bytes;
  expect(String(bytes)).toMatch(/^[\d,-]+\n\0{4000,}$/);
});

test("a small file that never stands still is taken in the size that it announces, with a warning", async () => {
  const path = join(scratchDir(), "busy");
  writeFileSync(path, "x");
  const writes = `
    const fs = require("node:fs");
    console.log("up");
    for (let i = 0; ; i += 1) fs.writeFileSync(process.argv[1], "x".repeat(1 + (i * 7919) % 9999));
  `;
  const writer = spawn("node", ["-e", writes, path], { stdio: ["ignore", "pipe", "ignore"] });
  onTestFinished(() => void writer.kill("SIGKILL"));
  await once(writer.stdout, "data");
  const located = { diskPath: Buffer.from(path), path: Buffer.from("game/busy"), shownPath: path };
  const look = async (): Promise<string> => {
    const capture = await captureFile(located);
    if (capture.kind !== "file" || capture.data.kind !== "whole") return capture.kind;
    expect(capture.data.bytes).toHaveLength(capture.sizeBytes);
    return capture.data.changed ?? "stood still";
  };
  await expect.poll(look, { timeout: 20_000, interval: 1 }).toMatch(/^was /);
});
