// The packer as a real process on a real gateway that goes away in the middle of an upload: it waits, and is told apart from a packer
// that the store has turned away.
import { randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openS3Store } from "@manman/adapters/s3/s3-store.ts";
import { expect, onTestFinished, test } from "vitest";
import { freshBucket } from "../harness/fresh-bucket.ts";
import { TcpProxy } from "../harness/tcp-proxy.ts";
import { until } from "../harness/until.ts";
import { s3ConfigOf } from "../s3/s3-config.ts";
import { scratchDirectory } from "./game-world.ts";
import { packed, packedObjectKey, packerOn } from "./real-packer.ts";

const mib = 1024 * 1024;
const awayMessage = "the store is away: the packer waits for it";
const backMessage = "the store is back: the packer goes on";

/** A world of some parts, an open upload, and a way to the gateway; all direct questions go past that. */
async function scene() {
  const bucket = await freshBucket();
  onTestFinished(bucket.remove);
  const config = s3ConfigOf(bucket);
  const proxy = await TcpProxy.to(config.endpoint ?? "");
  onTestFinished(async () => await proxy.close());
  const store = openS3Store(config, Math.random);
  onTestFinished(() => store.close());
  const world = join(await scratchDirectory(), "game");
  await mkdir(world);
  await writeFile(join(world, "region"), randomBytes(46 * mib));
  const uploadId = await store.openUpload(packedObjectKey);
  const location = { kind: "s3" as const, ...config };
  const through = { ...location, endpoint: proxy.through(config.endpoint ?? "") };
  return { store, proxy, world, uploadId, through, location };
}

/** A packer that has sent some parts when its store goes away, and has said that it waits. */
async function waitingPacker(stallMs?: number) {
  const parts = await scene();
  const { proxy, world, uploadId, through } = parts;
  const packer = packerOn(through, stallMs);
  const calledOff = new AbortController();
  proxy.stallAfter(30 * mib);
  const packing = packer.pack(world, uploadId, undefined, calledOff.signal);
  // Whoever waits for it hears of it.
  packing.catch(() => undefined);
  await until(() => proxy.isStalled, { what: "the upload is halfway", deadlineMs: 30_000 });
  await proxy.cut();
  const said = (msg: string) => packer.log.filter((line) => line["msg"] === msg);
  await until(() => said(awayMessage).length > 0, { what: "the packer says that it waits" });
  return { ...parts, packing, said, calledOff };
}

test("a packer whose store is away waits, says so once, and then sends the rest", async () => {
  const { packing, proxy, store, uploadId, said } = await waitingPacker();
  await proxy.heal();
  const { archive } = packed(await packing);
  await store.completeUpload(packedObjectKey, uploadId, archive.parts);
  const { sizeBytes } = archive;
  expect(await store.inspectObject(packedObjectKey)).toMatchObject({ sizeBytes });
  expect(said(awayMessage)).toHaveLength(1);
  expect(said(backMessage)).toHaveLength(1);
});

test("a packer that waits for its store ends at once when it is called off", async () => {
  const { packing, calledOff } = await waitingPacker();
  const beganAt = performance.now();
  calledOff.abort(new Error("cancelled"));
  await expect(packing).rejects.toThrow("cancelled");
  expect(performance.now() - beganAt).toBeLessThan(3_000);
});

test("a store that stays away for longer than a packer may stand still is the store's failure", async () => {
  const { packing } = await waitingPacker(8_000);
  const outcome = await packing;
  expect(outcome).toMatchObject({ retryable: true, failure: { code: "store_failed" } });
  const { message } = (outcome as Extract<typeof outcome, { kind: "failed" }>).failure;
  expect(message).toContain(`upload ${packedObjectKey} part `);
  expect(message).toContain("; the store stayed away for 8 s");
});

test("an upload that was aborted while its packer waited fails it at the store's first answer", async () => {
  const { packing, proxy, store, uploadId } = await waitingPacker();
  await store.abortUpload(packedObjectKey, uploadId);
  await proxy.heal();
  expect(await packing).toMatchObject({ retryable: true, failure: { code: "store_failed" } });
});

test("a store that turns the packer away is not waited for", async () => {
  const { location, world, uploadId } = await scene();
  const credentials = { accessKey: "nobody", secretKey: "wrong" };
  const packer = packerOn({ ...location, credentials });
  const outcome = await packer.pack(world, uploadId);
  expect(outcome).toMatchObject({ retryable: true, failure: { code: "store_failed" } });
  expect(packer.log.filter((line) => line["msg"] === awayMessage)).toEqual([]);
});
