// Calling a backup off: while it waits, while its host is away, and while it runs.
import { status } from "@grpc/grpc-js";
import { ClaimOutcome } from "@manman/contract/generated/manman/v1/host_manager_api_pb.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../harness/until.ts";
import {
  claimed,
  completedReport,
  createdBackup,
  hostWithGame,
  instanceId,
  madeBackup,
  report,
  sentPart,
} from "./played-host.ts";
import { refused } from "./refused-call.ts";
import { controlPlaneScene, type Scene } from "./scene.ts";

let scene: Scene;

beforeAll(async () => {
  scene = await controlPlaneScene();
});

afterAll(async () => {
  await scene.close();
});

test("a pending backup of a host that is away is cancelled at once, and its game is free again", async () => {
  const host = await hostWithGame(scene, "away");
  const backupId = await createdBackup(scene, host);
  const { backup } = await scene.api.cancelBackup({ backupId });
  expect(backup).toMatchObject({ backupId, status: "cancelled", errorMessage: "" });
  const claim = { serverId: host.serverId, instanceId, backupId, attempt: 1 };
  expect(await scene.hostApi.claimAttempt(claim)).toMatchObject({
    outcome: ClaimOutcome.STALE,
    reason: "the backup is cancelled",
  });
  expect(await createdBackup(scene, host)).toBeGreaterThan(backupId);
});

test("a running backup's host is told with its next heartbeat, and what it still sends makes no object", async () => {
  const host = await hostWithGame(scene, "running");
  const backupId = await createdBackup(scene, host);
  const claim = await claimed(scene, host, backupId);
  const part = await sentPart(scene, claim, new Uint8Array(1_000));
  await scene.api.cancelBackup({ backupId });
  const { serverId } = host;
  const attempts = [{ backupId, attempt: 1 }];
  expect(await scene.hostApi.heartbeat({ serverId, instanceId, attempts })).toMatchObject({
    stopped: [{ backupId, attempt: 1, reason: "the backup is cancelled" }],
  });
  await until(async () => (await scene.store.listUploads(claim.objectKey)).length === 0, {
    what: "the upload is aborted",
  });
  await report(scene, completedReport(host, backupId, [part]));
  await until(() => scene.controlPlane.reportCounts.stale > 0, { what: "the report is taken" });
  expect((await scene.api.getBackup({ backupId })).backup?.status).toBe("cancelled");
  expect(await scene.store.inspectObject(claim.objectKey)).toBeNull();
});

test("a completed one cannot be called off, one that never was is NOT_FOUND, and asking twice is no mistake", async () => {
  const host = await hostWithGame(scene, "ended");
  const completed = await madeBackup(scene, host);
  expect(await refused(scene.api.cancelBackup({ backupId: completed }))).toMatchObject({
    code: status.FAILED_PRECONDITION,
    details: `backup ${completed} is completed; only a pending or running one can be called off`,
  });
  expect(await refused(scene.api.cancelBackup({ backupId: 999_999n }))).toMatchObject({
    code: status.NOT_FOUND,
  });
  const backupId = await createdBackup(scene, host);
  await scene.api.cancelBackup({ backupId });
  expect(await scene.api.cancelBackup({ backupId })).toMatchObject({
    backup: { status: "cancelled" },
  });
});
