// The folder store after kill -9 at any point: never half an object, and the repeat of a call finishes what was begun.
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import { openFolderStore } from "@manman/adapters/filesystem/folder-store.ts";
import type { StoredPart } from "@manman/core/backup/backup.ts";
import { expect, onTestFinished, test } from "vitest";
import {
  bytes,
  digestOf,
  missing,
  newUpload,
  outcomeOf,
  type ObjectStore,
} from "../conformance/object-store.ts";

const key = "backups/42/5.tar.gz";
const partBytes = 300_000;
const whole = digestOf(...[1, 2, 3].map((number) => Buffer.alloc(partBytes, number)));

async function newFolder(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "manman-store-"));
  onTestFinished(async () => await rm(root, { recursive: true }));
  return root;
}

async function open(root: string): Promise<ObjectStore> {
  return await openFolderStore({ root, nowMs: Date.now, newId: randomUUID });
}

async function uploadFolder(root: string): Promise<string> {
  const [folder] = (await readdir(join(root, ".uploads"))).filter((name) => name !== ".trash");
  const [upload] = await readdir(join(root, ".uploads", folder ?? ""));
  return join(root, ".uploads", folder ?? "", upload ?? "");
}

async function leftovers(root: string): Promise<string[]> {
  const names = await readdir(join(root, ".uploads"), { recursive: true });
  return names.filter((name) => name !== ".trash");
}

/** Runs the worker for about so long, kills it, and answers the last that it said of each upload. */
async function killAfter(root: string, ms: number): Promise<Map<string, StoredPart[] | null>> {
  const worker = join(import.meta.dirname, "store-worker.ts");
  const child = spawn(process.execPath, [worker, root, key, String(partBytes)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const said = new Map<string, StoredPart[] | null>();
  const lines = createInterface(child.stdout);
  lines.on("line", (line) => {
    const { uploadId, parts } = JSON.parse(line) as { uploadId: string; parts?: StoredPart[] };
    said.set(uploadId, parts ?? null);
  });
  await once(lines, "line");
  // The length of life is what the test varies.
  await sleep(ms);
  child.kill("SIGKILL");
  await Promise.all([once(child, "exit"), once(lines, "close")]);
  return said;
}

test("killed at any moment, it leaves whole objects and uploads that can be finished or aborted", async () => {
  const root = await newFolder();
  const store = await open(root);
  for (let round = 0; round < 12; round += 1) {
    const said = await killAfter(root, round * 3);
    const object = await store.inspectObject(key);
    expect(object === null ? whole : digestOf(await readFile(join(root, key)))).toBe(whole);
    const listed = new Set((await store.listUploads(key)).map(({ uploadId }) => uploadId));
    for (const [uploadId, parts] of said) {
      if (parts === null) {
        await store.abortUpload(key, uploadId);
        continue;
      }
      const outcome = await outcomeOf(store.completeUpload(key, uploadId, parts));
      expect(outcome).toBe(listed.has(uploadId) ? "completed" : "missing");
      expect(digestOf(await readFile(join(root, key)))).toBe(whole);
    }
    // One that was opened and not yet said is still listed, which is how the control plane finds it.
    for (const { uploadId } of await store.listUploads(key)) {
      await store.abortUpload(key, uploadId);
    }
    expect(await leftovers(root)).toEqual([]);
    await store.removeObject(key);
  }
});

test("a completion that was cut after the sealing stays listed, takes no part, and is repeated", async () => {
  const root = await newFolder();
  const store = await open(root);
  const uploadId = await store.openUpload(key);
  const upload = newUpload(store, uploadId);
  await upload.send(1, 0, bytes(10));
  const folder = await uploadFolder(root);
  await rename(folder, `${folder}.sealed`);
  expect(await store.listUploads(key)).toMatchObject([{ uploadId }]);
  await expect(upload.send(2, 10, bytes(10))).rejects.toMatchObject(missing);
  await upload.complete();
  expect(await store.inspectObject(key)).toMatchObject({ sizeBytes: 10 });
  expect(await leftovers(root)).toEqual([]);
});

test("a completion whose cleanup was cut is cleaned up by the repeat", async () => {
  const root = await newFolder();
  const store = await open(root);
  const upload = newUpload(store, await store.openUpload(key));
  await upload.send(1, 0, bytes(10));
  const folder = await uploadFolder(root);
  await rename(folder, `${folder}.sealed`);
  const [data] = (await readdir(`${folder}.sealed`)).filter((name) => name.startsWith("data-"));
  await mkdir(join(root, "backups/42"), { recursive: true });
  await rename(join(`${folder}.sealed`, data ?? ""), join(root, key));
  await upload.complete();
  expect(await store.inspectObject(key)).toMatchObject({ sizeBytes: 10 });
  expect(await leftovers(root)).toEqual([]);
});

test("an abort at any moment of a completion leaves no completion that says yes without an object", async () => {
  const root = await newFolder();
  const store = await open(root);
  const outcomes = new Set<string>();
  for (let round = 0; round < 60; round += 1) {
    const uploadId = await store.openUpload(key);
    const upload = newUpload(store, uploadId);
    await upload.send(1, 0, bytes(10));
    const completing = outcomeOf(upload.complete());
    for (let turn = 0; turn < round; turn += 1) await setImmediate();
    await store.abortUpload(key, uploadId);
    const object = await store.inspectObject(key);
    outcomes.add(`${await completing}, ${object?.sizeBytes ?? "no"} bytes`);
    await store.removeObject(key);
  }
  // One that was completed and whose upload is then gone may say missing.
  const lawful = ["completed, 10 bytes", "missing, no bytes", "missing, 10 bytes"];
  expect([...outcomes].filter((outcome) => !lawful.includes(outcome))).toEqual([]);
  expect(await leftovers(root)).toEqual([]);
});

test("an abort whose removal was cut is finished by the repeat", async () => {
  const root = await newFolder();
  const store = await open(root);
  const uploadId = await store.openUpload(key);
  const upload = newUpload(store, uploadId);
  await upload.send(1, 0, bytes(10));
  await rename(await uploadFolder(root), join(root, ".uploads", ".trash", uploadId));
  expect(await store.listUploads(key)).toEqual([]);
  await expect(upload.complete()).rejects.toMatchObject(missing);
  await store.abortUpload(key, uploadId);
  expect(await leftovers(root)).toEqual([]);
});

test("a part whose second sending was cut no longer counts as stored", async () => {
  const root = await newFolder();
  const store = await open(root);
  const upload = newUpload(store, await store.openUpload(key));
  await upload.send(1, 0, bytes(3_000_000));
  const { objectKey, uploadId } = { objectKey: key, uploadId: (await onlyUpload(store)).uploadId };
  let asked = 0;
  // Called off between two writes, as a kill would end it.
  const signal = {
    get aborted() {
      asked += 1;
      return asked > 1;
    },
    addEventListener() {},
    removeEventListener() {},
  };
  const again = { objectKey, uploadId, number: 1, offsetBytes: 0, bytes: bytes(3_000_000), signal };
  await expect(store.sendPart(again)).rejects.toMatchObject({ kind: "away" });
  await expect(upload.complete()).rejects.toMatchObject({ kind: "rejected" });
  expect(await store.inspectObject(key)).toBeNull();
});

test("a line of the part list that was cut short is ignored, and the next one is read", async () => {
  const root = await newFolder();
  const store = await open(root);
  const upload = newUpload(store, await store.openUpload(key));
  await upload.send(1, 0, bytes(10));
  const folder = await uploadFolder(root);
  const [list] = (await readdir(folder)).filter((name) => name.startsWith("parts-"));
  const path = join(folder, list ?? "");
  await writeFile(path, `${await readFile(path, "latin1")}\n2 10 10 0123456789abc`);
  await upload.send(2, 10, bytes(10));
  await upload.complete();
  expect(await store.inspectObject(key)).toMatchObject({ sizeBytes: 20 });
});

test("a folder that is gone, as behind an unmounted disk, is away and not empty", async () => {
  const root = await newFolder();
  const store = await open(root);
  const upload = newUpload(store, await store.openUpload(key));
  await rename(root, `${root}.away`);
  const away = { name: "Fault", kind: "away" };
  await expect(store.check()).rejects.toMatchObject(away);
  await expect(store.inspectObject(key)).rejects.toMatchObject(away);
  await expect(store.listUploads(key)).rejects.toMatchObject(away);
  await expect(store.removeObject(key)).rejects.toMatchObject(away);
  await expect(store.openUpload(key)).rejects.toMatchObject(away);
  await expect(upload.send(1, 0, bytes(10))).rejects.toMatchObject(away);
  await rename(`${root}.away`, root);
  await upload.send(1, 0, bytes(10));
  await upload.complete();
  expect(await store.inspectObject(key)).toMatchObject({ sizeBytes: 10 });
});

async function onlyUpload(store: ObjectStore) {
  const [upload] = await store.listUploads(key);
  if (upload === undefined) throw new Error("no upload is open");
  return upload;
}
