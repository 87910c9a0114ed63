// Deletion: the object goes, the record stays, and a store that is away only delays it.
import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { claimed, createdBackup, hostWithGame, madeBackup, untilStatus } from "./played-host.ts";
import { refused } from "./refused-call.ts";
import { controlPlaneScene, type Scene } from "./scene.ts";

let scene: Scene;

beforeAll(async () => {
  scene = await controlPlaneScene({
    limits: { reconcileBackoff: { firstMs: 200, mostMs: 500 } },
  });
});

afterAll(async () => {
  await scene.close();
});

test("a deleted backup's object is gone when the call answers, and its record stays as a tombstone", async () => {
  const host = await hostWithGame(scene, "deleted");
  const backupId = await madeBackup(scene, host);
  const objectKey = `backups/${host.sgcId}/${backupId}.tar.gz`;
  expect(await scene.store.inspectObject(objectKey)).toMatchObject({ sizeBytes: 1_000 });
  await scene.api.deleteBackup({ backupId });
  expect(await scene.store.inspectObject(objectKey)).toBeNull();
  const { backup } = await scene.api.getBackup({ backupId });
  expect(backup).toMatchObject({ status: "deleted", s3Url: "", sizeBytes: 1_000n, files: 12n });
  const { sgcId: serverGameConfigId } = host;
  expect((await scene.api.listBackups({ serverGameConfigId })).backups).toEqual([]);
  const all = await scene.api.listBackups({ serverGameConfigId, includeDeleted: true });
  expect(all.backups.map((one) => one.backupId)).toEqual([backupId]);
  expect(await scene.api.deleteBackup({ backupId })).toMatchObject({});
});

test("a backup that never was is NOT_FOUND, and an id must be given", async () => {
  expect(await refused(scene.api.deleteBackup({ backupId: 999_999n }))).toMatchObject({
    code: status.NOT_FOUND,
    details: "there is no backup 999999",
  });
  expect(await refused(scene.api.deleteBackup({}))).toMatchObject({
    code: status.INVALID_ARGUMENT,
  });
});

test("a backup under way is FAILED_PRECONDITION, pending or running", async () => {
  const host = await hostWithGame(scene, "under-way");
  const backupId = await createdBackup(scene, host);
  const underWay = {
    code: status.FAILED_PRECONDITION,
    details: `backup ${backupId} is under way (attempt 1); delete it when it has ended`,
  };
  expect(await refused(scene.api.deleteBackup({ backupId }))).toMatchObject(underWay);
  await claimed(scene, host, backupId);
  expect(await refused(scene.api.deleteBackup({ backupId }))).toMatchObject(underWay);
});

test("with the store away the answer is yes, and the object goes when the store is back", async () => {
  const host = await hostWithGame(scene, "store-away");
  const backupId = await madeBackup(scene, host);
  await scene.proxies.store.cut();
  await scene.api.deleteBackup({ backupId });
  expect((await scene.api.getBackup({ backupId })).backup?.status).toBe("deleting");
  await scene.api.deleteBackup({ backupId });
  await scene.proxies.store.heal();
  await untilStatus(scene, backupId, "deleted", 20_000);
  const objectKey = `backups/${host.sgcId}/${backupId}.tar.gz`;
  expect(await scene.store.inspectObject(objectKey)).toBeNull();
});

test("a store that swallows every word does not hold up the call for more than a few seconds", async () => {
  const host = await hostWithGame(scene, "store-stalled");
  const backupId = await madeBackup(scene, host);
  scene.proxies.store.stall();
  const begunAtMs = performance.now();
  await scene.api.deleteBackup({ backupId });
  expect(performance.now() - begunAtMs).toBeLessThan(4_000);
  await scene.proxies.store.heal();
  await untilStatus(scene, backupId, "deleted", 60_000);
});
