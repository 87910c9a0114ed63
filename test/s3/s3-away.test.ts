// The store on S3 when the network, the gateway, the bucket or the key fails it.
import { openS3Store } from "@manman/adapters/s3/s3-store.ts";
import { defaultS3Limits } from "@manman/adapters/s3/s3-client.ts";
import type { StoreConfig } from "@manman/contract/environment/store-variables.ts";
import { expect, onTestFinished, test } from "vitest";
import { away, bytes, newUpload, rejected, type ObjectStore } from "../conformance/object-store.ts";
import { freshBucket } from "../harness/fresh-bucket.ts";
import { TcpProxy } from "../harness/tcp-proxy.ts";
import { until } from "../harness/until.ts";
import { s3ConfigOf } from "./s3-config.ts";

const key = "backups/42/5.tar.gz";

const quick = {
  ...defaultS3Limits,
  connectMs: 500,
  idleMs: 500,
  requestMs: 1_000,
  partMs: 1_000,
  completeMs: 1_000,
  checkMs: 500,
  backoff: { firstMs: 10, mostMs: 50 },
};

function open(config: StoreConfig, limits = quick): ObjectStore {
  const store = openS3Store(config, Math.random, limits);
  onTestFinished(() => store.close());
  return store;
}

async function proxied(limits = quick) {
  const bucket = await freshBucket();
  onTestFinished(bucket.remove);
  const config = s3ConfigOf(bucket);
  const proxy = await TcpProxy.to(config.endpoint ?? "");
  onTestFinished(async () => await proxy.close());
  const through = { ...config, endpoint: proxy.through(config.endpoint ?? "") };
  return { config, direct: open(config), proxy, store: open(through, limits) };
}

test.each([
  ["the silence", { ...quick, requestMs: 60_000, completeMs: 60_000, partMs: 60_000 }],
  ["the whole request", { ...quick, idleMs: 60_000 }],
])(
  "a gateway that falls silent is away, %s being bounded, whatever it is asked",
  async (_, limits) => {
    const { direct, proxy, store } = await proxied(limits);
    const uploadId = await direct.openUpload(key);
    const part = await newUpload(direct, uploadId).send(1, 0, bytes(10));
    await store.check();
    const { signal } = new AbortController();
    const range = { objectKey: key, etag: '"e"', offsetBytes: 0, lengthBytes: 10, signal };
    proxy.stall();
    const beganAt = performance.now();
    await Promise.all([
      expect(store.check()).rejects.toMatchObject(away),
      expect(store.openUpload(key)).rejects.toMatchObject(away),
      expect(store.completeUpload(key, uploadId, [part])).rejects.toMatchObject(away),
      expect(store.abortUpload(key, uploadId)).rejects.toMatchObject(away),
      expect(store.listUploads(key)).rejects.toMatchObject(away),
      expect(store.inspectObject(key)).rejects.toMatchObject(away),
      expect(store.removeObject(key)).rejects.toMatchObject(away),
      expect(newUpload(store, uploadId).send(2, 10, bytes(10))).rejects.toMatchObject(away),
      expect(store.readRange(range)).rejects.toMatchObject(away),
      expect(store.copyPart({ ...range, uploadId, number: 3, from: range })).rejects.toMatchObject(
        away,
      ),
    ]);
    expect(performance.now() - beganAt).toBeLessThan(10_000);
  },
);

test("a part on its way to a gateway that falls silent is called off at once", async () => {
  const { direct, proxy, store } = await proxied(defaultS3Limits);
  const uploadId = await direct.openUpload(key);
  proxy.stall();
  const controller = new AbortController();
  const { signal } = controller;
  const part = { objectKey: key, uploadId, number: 1, offsetBytes: 0, bytes: bytes(10), signal };
  const sending = store.sendPart(part);
  await until(() => proxy.connections > 0, { what: "the part's connection" });
  const beganAt = performance.now();
  controller.abort();
  await expect(sending).rejects.toMatchObject(away);
  expect(performance.now() - beganAt).toBeLessThan(500);
});

test("a part whose connection breaks is away, and may be sent again", async () => {
  const { direct, proxy, store } = await proxied({ ...quick, idleMs: 10_000, partMs: 10_000 });
  const uploadId = await direct.openUpload(key);
  proxy.stall();
  const upload = newUpload(store, uploadId);
  const sending = upload.send(1, 0, bytes(5_242_880));
  // It may reject before anybody waits for it.
  sending.catch(() => undefined);
  await until(() => proxy.connections > 0, { what: "the part's connection" });
  await proxy.cut();
  await expect(sending).rejects.toMatchObject(away);
  await proxy.heal();
  const part = await upload.send(1, 0, bytes(5_242_880));
  await direct.completeUpload(key, uploadId, [part]);
  expect(await direct.inspectObject(key)).toMatchObject({ sizeBytes: 5_242_880 });
});

test("a gateway that nobody has started is away", async () => {
  const { proxy, store } = await proxied();
  await proxy.cut();
  await expect(store.check()).rejects.toMatchObject(away);
  await expect(store.openUpload(key)).rejects.toMatchObject(away);
});

test("a bucket that does not exist is rejected by name, and never passes for a missing object", async () => {
  const { config } = await proxied();
  const store = open({ ...config, bucket: "manman-no-such-bucket" });
  await expect(store.check()).rejects.toMatchObject(rejected);
  await expect(store.check()).rejects.toThrow("manman-no-such-bucket");
  await expect(store.openUpload(key)).rejects.toMatchObject(rejected);
  await expect(store.inspectObject(key)).rejects.toMatchObject(rejected);
  await expect(store.removeObject(key)).rejects.toMatchObject(rejected);
});

test("a wrong secret is rejected", async () => {
  const { config } = await proxied();
  const store = open({ ...config, credentials: { accessKey: "nobody", secretKey: "wrong" } });
  await expect(store.check()).rejects.toMatchObject(rejected);
  await expect(store.openUpload(key)).rejects.toMatchObject(rejected);
});

test("connections that a burst has opened are closed once nobody needs them", async () => {
  const { proxy, store } = await proxied({ ...quick, unusedMs: 200 });
  proxy.stallAnswers();
  const burst = Promise.all(Array.from({ length: 10 }, async () => await store.inspectObject(key)));
  await until(() => proxy.connections === 10, { what: "ten connections at a time" });
  await proxy.heal();
  expect(await burst).toStrictEqual(Array.from({ length: 10 }, () => null));
  await until(() => proxy.connections === 0, { what: "no connection left" });
});

test("a request may take longer than an unused connection is kept", async () => {
  const { proxy, store } = await proxied({ ...defaultS3Limits, unusedMs: 50 });
  proxy.stallAnswers();
  const asked = store.inspectObject(key);
  await until(() => proxy.holdsSomething, { what: "an answer that is held back" });
  const heldSince = performance.now();
  await until(() => performance.now() - heldSince > 200, { what: "four times as long" });
  await proxy.heal();
  expect(await asked).toBeNull();
});
