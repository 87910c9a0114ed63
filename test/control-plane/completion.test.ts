// From `verifying` to the end: only an object with the reported size makes a backup completed, however long the store is away.
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../harness/until.ts";
import {
  claimed,
  completedReport,
  createdBackup,
  hostWithGame,
  report,
  sentPart,
  untilStatus,
} from "./played-host.ts";
import { controlPlaneScene, type Scene } from "./scene.ts";

let scene: Scene;

beforeAll(async () => {
  scene = await controlPlaneScene({
    limits: {
      attemptsMax: 2,
      attemptBackoff: { firstMs: 100, mostMs: 200 },
      reconcileBackoff: { firstMs: 100, mostMs: 300 },
    },
  });
});

afterAll(async () => {
  await scene.close();
});

test("with the store away the backup reads running, and completes by itself when the store is back", async () => {
  const host = await hostWithGame(scene, "store-away");
  const backupId = await createdBackup(scene, host);
  const claim = await claimed(scene, host, backupId);
  const part = await sentPart(scene, claim, new Uint8Array(500));
  await scene.proxies.store.cut();
  await report(scene, completedReport(host, backupId, [part]));
  await until(
    async () => {
      const record = await scene.records.backups.get(backupId);
      return record?.status === "verifying" && record.dueTries >= 2;
    },
    { what: "the check was tried and put off twice" },
  );
  expect((await scene.api.getBackup({ backupId })).backup).toMatchObject({
    status: "running",
    s3Url: "",
  });
  await scene.proxies.store.heal();
  await untilStatus(scene, backupId, "completed", 30_000);
});

test("an upload that was completed before the control plane could say so is found as an object", async () => {
  const host = await hostWithGame(scene, "completed-before");
  const backupId = await createdBackup(scene, host);
  const claim = await claimed(scene, host, backupId);
  const part = await sentPart(scene, claim, new Uint8Array(600));
  await scene.store.completeUpload(claim.objectKey, claim.uploadId, [part]);
  await report(scene, completedReport(host, backupId, [part]));
  await untilStatus(scene, backupId, "completed");
  expect((await scene.api.getBackup({ backupId })).backup?.sizeBytes).toBe(600n);
});

test("an object of another size than reported is removed, and the attempts end in failed with the reason", async () => {
  const host = await hostWithGame(scene, "wrong-size");
  const backupId = await createdBackup(scene, host);
  for (const attempt of [1, 2]) {
    await until(
      async () => {
        const record = await scene.records.backups.get(backupId);
        return record?.attempt === attempt && record.status === "pending";
      },
      { what: `attempt ${attempt} is pending` },
    );
    const claim = await claimed(scene, host, backupId, attempt);
    const part = await sentPart(scene, claim, new Uint8Array(700));
    const lying = { ...part, sizeBytes: 701 };
    await report(scene, completedReport(host, backupId, [lying], attempt));
  }
  await untilStatus(scene, backupId, "failed");
  expect((await scene.api.getBackup({ backupId })).backup).toMatchObject({
    errorCode: "object_mismatch",
    errorMessage: "the stored object has 700 bytes, the host sent 701",
    sizeBytes: 0n,
  });
  const objectKey = `backups/${host.sgcId}/${backupId}.tar.gz`;
  expect(await scene.store.inspectObject(objectKey)).toBeNull();
});

test("an upload that is gone begins the next attempt", async () => {
  const host = await hostWithGame(scene, "upload-gone");
  const backupId = await createdBackup(scene, host);
  const claim = await claimed(scene, host, backupId);
  const part = await sentPart(scene, claim, new Uint8Array(100));
  await scene.store.abortUpload(claim.objectKey, claim.uploadId);
  await report(scene, completedReport(host, backupId, [part]));
  await until(async () => (await scene.records.backups.get(backupId))?.attempt === 2, {
    what: "the second attempt",
  });
  const { failure } = (await scene.records.backups.get(backupId)) ?? {};
  expect(failure?.code).toBe("upload_vanished");
});

test("parts that the store does not have begin the next attempt, and say so", async () => {
  const host = await hostWithGame(scene, "wrong-parts");
  const backupId = await createdBackup(scene, host);
  const claim = await claimed(scene, host, backupId);
  await sentPart(scene, claim, new Uint8Array(100));
  const unsent = { number: 1, etag: '"00000000000000000000000000000000"', sizeBytes: 100 };
  await report(scene, completedReport(host, backupId, [unsent]));
  await until(async () => (await scene.records.backups.get(backupId))?.attempt === 2, {
    what: "the second attempt",
  });
  const { failure } = (await scene.records.backups.get(backupId)) ?? {};
  expect(failure?.code).toBe("object_mismatch");
  expect(failure?.message).toMatch(/^the store refused the parts that the host reported: /);
});

test("a claim while the store is away is UNAVAILABLE, and works when the store is back", async () => {
  const host = await hostWithGame(scene, "claim-store-away");
  const backupId = await createdBackup(scene, host);
  await scene.proxies.store.cut();
  await expect(claimed(scene, host, backupId)).rejects.toMatchObject({
    code: 14,
    retryDelayMs: 1_000,
  });
  expect((await scene.api.getBackup({ backupId })).backup?.status).toBe("pending");
  await scene.proxies.store.heal();
  const claim = await until(async () => await claimed(scene, host, backupId), {
    what: "the claim succeeds",
  });
  expect(claim.uploadId).not.toBe("");
});
