// Claims and leases against the database's clock: who may send, who is stale, and what becomes of a host that falls silent.
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
  report,
  sentPart,
  untilStatus,
} from "./played-host.ts";
import { refused } from "./refused-call.ts";
import { controlPlaneScene, type Scene } from "./scene.ts";

let scene: Scene;

beforeAll(async () => {
  scene = await controlPlaneScene({
    limits: { leaseMs: 2_000, attemptsMax: 2, attemptBackoff: { firstMs: 100, mostMs: 200 } },
  });
});

afterAll(async () => {
  await scene.close();
});

test("a claim opens an upload and a lease, and the backup runs", async () => {
  const host = await hostWithGame(scene, "claims");
  const backupId = await createdBackup(scene, host);
  const claim = await claimed(scene, host, backupId);
  expect(claim).toMatchObject({
    outcome: ClaimOutcome.CLAIMED,
    objectKey: `backups/${host.sgcId}/${backupId}.tar.gz`,
    leaseSeconds: 2,
    reason: "",
  });
  const open = await scene.store.listUploads(claim.objectKey);
  expect(open.map(({ uploadId }) => uploadId)).toEqual([claim.uploadId]);
  expect((await scene.api.getBackup({ backupId })).backup?.status).toBe("running");
});

test("the same host manager gets the same upload again, and another one is stale", async () => {
  const host = await hostWithGame(scene, "claims-again");
  const backupId = await createdBackup(scene, host);
  const first = await claimed(scene, host, backupId);
  const again = await claimed(scene, host, backupId);
  expect(again.uploadId).toBe(first.uploadId);
  const other = await scene.hostApi.claimAttempt({
    serverId: host.serverId,
    instanceId: "instance-2",
    backupId,
    attempt: 1,
  });
  expect(other).toMatchObject({
    outcome: ClaimOutcome.STALE,
    reason: "another host manager holds this attempt",
    uploadId: "",
    leaseSeconds: 0,
  });
});

test("of concurrent claims one wins, and the uploads of the others are aborted", async () => {
  const host = await hostWithGame(scene, "claim-race");
  const backupId = await createdBackup(scene, host);
  const claims = await Promise.all(
    Array.from(
      { length: 8 },
      async (_one, place) =>
        await scene.hostApi.claimAttempt({
          serverId: host.serverId,
          instanceId: `instance-${place}`,
          backupId,
          attempt: 1,
        }),
    ),
  );
  const won = claims.filter(({ outcome }) => outcome === ClaimOutcome.CLAIMED);
  expect(won).toHaveLength(1);
  const objectKey = `backups/${host.sgcId}/${backupId}.tar.gz`;
  const open = await until(
    async () => {
      const uploads = await scene.store.listUploads(objectKey);
      return uploads.length === 1 && uploads;
    },
    { what: "one upload is left" },
  );
  expect(open[0]?.uploadId).toBe(won[0]?.uploadId);
});

test("a claim of an attempt that is not the present one is stale, of another server's FAILED_PRECONDITION, of nothing NOT_FOUND", async () => {
  const host = await hostWithGame(scene, "claims-wrong");
  const other = await hostWithGame(scene, "claims-other");
  const backupId = await createdBackup(scene, host);
  const claim = { serverId: host.serverId, instanceId, backupId, attempt: 1 };
  expect(await scene.hostApi.claimAttempt({ ...claim, attempt: 2 })).toMatchObject({
    outcome: ClaimOutcome.STALE,
    reason: "attempt 2 is over; attempt 1 is the present one",
  });
  const foreign = { ...claim, serverId: other.serverId };
  expect(await refused(scene.hostApi.claimAttempt(foreign))).toMatchObject({
    code: status.FAILED_PRECONDITION,
    details: `backup ${backupId} belongs to server ${host.serverId}, not to server ${other.serverId}`,
  });
  expect(await refused(scene.hostApi.claimAttempt({ ...claim, backupId: 9_999n }))).toMatchObject({
    code: status.NOT_FOUND,
    details: "there is no backup 9999",
  });
  const empty = await refused(scene.hostApi.claimAttempt({}));
  expect(empty.fieldViolations.map(({ field }) => field)).toEqual([
    "server_id",
    "instance_id",
    "backup_id",
    "attempt",
  ]);
});

test("heartbeats keep an attempt for longer than its lease, and show how far it is", async () => {
  const host = await hostWithGame(scene, "renews");
  const backupId = await createdBackup(scene, host);
  await claimed(scene, host, backupId);
  const begunAtMs = performance.now();
  await until(
    async () => {
      const answer = await scene.hostApi.heartbeat({
        serverId: host.serverId,
        instanceId,
        attempts: [
          {
            backupId,
            attempt: 1,
            progress: { rawBytesDone: 10n, rawBytesTotal: 40n, filesDone: 3n, sentBytes: 4n },
          },
        ],
      });
      expect(answer).toMatchObject({ stopped: [], leaseSeconds: 2, nextHeartbeatSeconds: 1 });
      return performance.now() - begunAtMs > 5_000;
    },
    { what: "two and a half leases pass" },
  );
  const { backup } = await scene.api.getBackup({ backupId });
  expect(backup).toMatchObject({
    status: "running",
    attempt: 1,
    progress: { rawBytesDone: 10n, rawBytesTotal: 40n, filesDone: 3n, sentBytes: 4n },
  });
});

test("a silent host's attempt is taken over, its upload aborted, and its late report changes nothing", async () => {
  const host = await hostWithGame(scene, "silent");
  const backupId = await createdBackup(scene, host);
  const zombie = await claimed(scene, host, backupId);
  const part = await sentPart(scene, zombie, new Uint8Array(10));
  await until(async () => (await scene.api.getBackup({ backupId })).backup?.attempt === 2, {
    what: "the attempt is taken over",
    deadlineMs: 15_000,
  });
  await until(async () => (await scene.store.listUploads(zombie.objectKey)).length === 0, {
    what: "the zombie's upload is aborted",
  });
  await expect(sentPart(scene, zombie, new Uint8Array(10))).rejects.toMatchObject({
    kind: "missing",
  });
  const { stopped } = await scene.hostApi.heartbeat({
    serverId: host.serverId,
    instanceId,
    attempts: [{ backupId, attempt: 1 }],
  });
  expect(stopped).toMatchObject([
    { backupId, attempt: 1, reason: "attempt 1 is over; attempt 2 is the present one" },
  ]);
  await report(scene, completedReport(host, backupId, [part]));
  const second = await claimed(scene, host, backupId, 2);
  expect(second.uploadId).not.toBe(zombie.uploadId);
  const good = await sentPart(scene, second, new Uint8Array(20));
  await report(scene, completedReport(host, backupId, [good], 2));
  await untilStatus(scene, backupId, "completed");
  expect((await scene.api.getBackup({ backupId })).backup).toMatchObject({
    attempt: 2,
    sizeBytes: 20n,
    errorCode: "",
  });
});

test("a backup whose attempts are all silent fails with the reason, and frees its game", async () => {
  const host = await hostWithGame(scene, "silent-for-good");
  const backupId = await createdBackup(scene, host);
  await claimed(scene, host, backupId);
  await until(async () => (await scene.api.getBackup({ backupId })).backup?.attempt === 2, {
    what: "the first attempt is taken over",
    deadlineMs: 15_000,
  });
  await claimed(scene, host, backupId, 2);
  await untilStatus(scene, backupId, "failed", 15_000);
  expect((await scene.api.getBackup({ backupId })).backup).toMatchObject({
    errorCode: "lease_expired",
    errorMessage: "the host manager was silent for more than 2 s",
  });
  await createdBackup(scene, host);
});

test("a heartbeat of an unknown server is NOT_FOUND", async () => {
  expect(
    await refused(scene.hostApi.heartbeat({ serverId: 999n, instanceId, attempts: [] })),
  ).toMatchObject({ code: status.NOT_FOUND, details: "there is no server 999" });
});
