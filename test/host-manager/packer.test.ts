// The packer as a real process: what it sends, and how it ends.
import { execFileSync, spawn } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { getPriority } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openFolderStore } from "@manman/adapters/filesystem/folder-store.ts";
import type { PackProgress } from "@manman/host-manager/packer/pack-messages.ts";
import { expect, test } from "vitest";
import { until } from "../harness/until.ts";
import { makeWorld, scratchDirectory } from "./game-world.ts";
import { packed, packedObjectKey as objectKey, packerOn } from "./real-packer.ts";
import { silentStore } from "./silent-store.ts";

const mib = 1024 * 1024;

test("an archive goes out in parts of one size, and the object is what tar reads", async () => {
  const { scratch, world, root, store } = await worldAndStore(20 * mib);
  const uploadId = await store.openUpload(objectKey);
  const seen: PackProgress[] = [];

  const outcome = await packerOn({ kind: "folder", root }).pack(world, uploadId, (progress) =>
    seen.push(progress),
  );

  const { archive } = packed(outcome);
  expect(archive.parts.map(({ number, sizeBytes }) => [number, sizeBytes])).toEqual([
    [1, 8 * mib],
    [2, 8 * mib],
    [3, archive.sizeBytes - 16 * mib],
  ]);
  expect(archive.warningCount).toBe(0);
  expect(archive.rawBytes).toBeGreaterThan(20 * mib);
  await store.completeUpload(objectKey, uploadId, archive.parts);
  const object = join(root, objectKey);
  const bytes = await readFile(object);
  expect(bytes.length).toBe(archive.sizeBytes);
  expect(createHash("sha256").update(bytes).digest("hex")).toBe(archive.archiveSha256);
  const extracted = join(scratch, "extracted");
  await mkdir(extracted);
  execFileSync("tar", ["-xzf", object, "-C", extracted]);
  execFileSync("diff", ["-r", "--no-dereference", world, join(extracted, "game")]);
  expect(seen.length).toBeGreaterThan(0);
  expect(seen.at(-1)?.rawBytesTotal).toBeGreaterThan(20 * mib);
});

test("a directory that is missing or empty fails for good", async () => {
  const { scratch, root, store } = await worldAndStore();
  const uploadId = await store.openUpload(objectKey);
  const packer = packerOn({ kind: "folder", root });
  const empty = join(scratch, "empty");
  await mkdir(empty);
  for (const path of [join(scratch, "nowhere"), empty]) {
    const outcome = await packer.pack(path, uploadId);
    expect(outcome).toMatchObject({ retryable: false, failure: { code: "source_missing" } });
    expect(outcome.kind === "failed" && outcome.failure.message).toContain(path);
  }
});

test("an upload that was aborted fails as the store's fault, and may be tried again", async () => {
  const { world, root, store } = await worldAndStore();
  const uploadId = await store.openUpload(objectKey);
  await store.abortUpload(objectKey, uploadId);
  const outcome = await packerOn({ kind: "folder", root }).pack(world, uploadId);
  expect(outcome).toMatchObject({ retryable: true, failure: { code: "store_failed" } });
  expect(outcome.kind === "failed" && outcome.failure.message).toContain(objectKey);
});

test("a packer that is called off ends", async () => {
  const { world } = await worldAndStore(mib);
  const packer = packerOn((await silentStore()).location);
  const calledOff = new AbortController();
  const packing = packer.pack(world, "u", undefined, calledOff.signal);
  const pid = await packer.pid();
  calledOff.abort(new Error("enough"));
  await expect(packing).rejects.toThrow("enough");
  expect(isAlive(pid)).toBe(false);
});

test("a packer that is killed has crashed, and may be tried again", async () => {
  const { world } = await worldAndStore(mib);
  const packer = packerOn((await silentStore()).location);
  const packing = packer.pack(world, "u");
  process.kill(await packer.pid(), "SIGKILL");
  expect(await packing).toEqual({
    kind: "failed",
    failure: { code: "packer_crashed", message: "the packer was ended by SIGKILL" },
    retryable: true,
  });
});

test("a packer that makes no progress is ended", async () => {
  const { world } = await worldAndStore(mib);
  const packer = packerOn((await silentStore()).location, 1_500);
  const outcome = await packer.pack(world, "u");
  expect(outcome).toMatchObject({
    failure: { code: "packer_crashed", message: expect.stringContaining("no progress for 1.5 s") },
    retryable: true,
  });
  expect(isAlive(await packer.pid())).toBe(false);
});

test("a packer gives way to everything else, in all of its threads", async () => {
  const { world } = await worldAndStore(mib);
  const packer = packerOn((await silentStore()).location);
  const calledOff = new AbortController();
  const packing = packer.pack(world, "u", undefined, calledOff.signal);
  const pid = await packer.pid();
  await until(() => threadsOf(pid).length > 8, { what: "the packer is at work" });
  for (const thread of threadsOf(pid)) expect(getPriority(thread)).toBe(10);
  calledOff.abort(new Error("enough"));
  await expect(packing).rejects.toThrow("enough");
});

test("a packer whose host manager was killed ends by itself", async () => {
  const { world } = await worldAndStore(mib);
  const packerModule = import.meta.resolve("@manman/host-manager/packer/packer-process.ts");
  const order = { rootPath: world, rootName: "game", objectKey, uploadId: "u" };
  const store = await silentStore();
  const options = {
    store: store.location,
    partSizeBytes: 8 * mib,
    compressionLevel: 6,
    workers: null,
    readBytesPerSecondMax: null,
    compileCacheDir: null,
    stallMs: 60_000,
  };
  const script = `
    const { packerProcess } = await import(${JSON.stringify(packerModule)});
    const log = { debug: (fields) => fields.packer_pid && console.log(fields.packer_pid) };
    const following = { signal: new AbortController().signal, onProgress: () => {}, log };
    await packerProcess(${JSON.stringify(options)}).pack(${JSON.stringify(order)}, following);`;
  const cwd = fileURLToPath(new URL("../..", import.meta.url));
  const parent = spawn(process.execPath, ["--input-type=module", "-e", script], {
    cwd,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(parent.stdout, "data")) as [Buffer];
  const pid = Number(line.toString());
  // From here on it waits for an answer and says nothing, so that no broken pipe ends it.
  await until(() => store.receivedBytes() > mib, { what: "the whole archive was sent" });

  parent.kill("SIGKILL");

  expect(await until(() => !isAlive(pid), { what: "the packer ends" })).toBe(true);
});

async function worldAndStore(regionBytes = 1_000) {
  const scratch = await scratchDirectory();
  const world = join(scratch, "game");
  await makeWorld(world, regionBytes);
  const root = join(scratch, "bucket");
  const store = await openFolderStore({ root, nowMs: Date.now, newId: randomUUID });
  return { scratch, world, root, store };
}

/** More than a Node process has that only waits: its pool compresses and reads. */
function threadsOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).map(Number);
}

/** A zombie has ended. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
