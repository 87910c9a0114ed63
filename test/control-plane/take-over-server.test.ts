// Two host managers under one name, a rebuilt host, and an operator who says which of them is to have the server.
import { status } from "@grpc/grpc-js";
import { ClaimOutcome } from "@manman/contract/generated/manman/v1/host_manager_api_pb.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../harness/until.ts";
import {
  claimed,
  createdBackup,
  deployedGame,
  instanceId,
  type PlayedHost,
} from "./played-host.ts";
import { refused } from "./refused-call.ts";
import { controlPlaneScene, type Scene } from "./scene.ts";

const other = "instance-2";

let scene: Scene;

beforeAll(async () => {
  scene = await controlPlaneScene({ limits: { leaseMs: 60_000 } });
});

afterAll(async () => {
  await scene.close();
});

async function hostOf(name: string): Promise<PlayedHost> {
  const { serverId } = await scene.api.registerServer({ name, instanceId });
  return { serverId, sgcId: await deployedGame(scene, serverId) };
}

/** What a host manager is told that may not register under the name. */
async function refusalOf(name: string, by: string): Promise<string> {
  return (await refused(scene.api.registerServer({ name, instanceId: by }))).details;
}

test("a second host manager under one name is refused, and told of the first one", async () => {
  const { serverId } = await hostOf("twice");
  const refusal = await refused(scene.api.registerServer({ name: "twice", instanceId: other }));
  expect(refusal.code).toBe(status.FAILED_PRECONDITION);
  expect(refusal.reason).toBe("HOST_MANAGER_DISOWNED");
  expect(refusal.details).toMatch(
    /^another host manager serves server twice under this name, and was seen \d s ago; .*`manman server takeover twice`$/,
  );
  expect(await scene.api.registerServer({ name: "twice", instanceId })).toMatchObject({ serverId });
  expect(await scene.api.registerServer({ name: "twice" })).toMatchObject({ serverId });
});

test("a rebuilt host is told that the journal is not there once the old one has fallen silent", async () => {
  await hostOf("rebuilt");
  await expect
    .poll(async () => await refusalOf("rebuilt", other), { timeout: 10_000 })
    .toMatch(
      /^the journal of server rebuilt's host manager is not there: this is a new or rebuilt host /,
    );
});

test("what a host manager that is not on record says counts for nothing", async () => {
  const host = await hostOf("stranger");
  const { serverId } = host;
  const backupId = await createdBackup(scene, host);
  const claim = { serverId, instanceId: other, backupId, attempt: 1 };
  const beat = { serverId, instanceId: other, attempts: [] };
  for (const call of [scene.hostApi.claimAttempt(claim), scene.hostApi.heartbeat(beat)]) {
    expect(await refused(call)).toMatchObject({
      code: status.FAILED_PRECONDITION,
      reason: "HOST_MANAGER_DISOWNED",
    });
  }
  expect((await scene.api.getBackup({ backupId })).backup?.status).toBe("pending");
  expect(await claimed(scene, host, backupId)).toMatchObject({ outcome: ClaimOutcome.CLAIMED });
});

test("a takeover ends what ran there at once, and gives the server to the next host manager", async () => {
  const host = await hostOf("moved");
  const { serverId } = host;
  const backupId = await createdBackup(scene, host);
  const { objectKey } = await claimed(scene, host, backupId);

  const plan = await scene.api.takeOverServer({ name: "moved", dryRun: true });
  expect(plan).toMatchObject({ server: { serverId, name: "moved" }, attemptsEnded: 1 });
  expect((await scene.api.getBackup({ backupId })).backup?.status).toBe("running");

  expect(await scene.api.takeOverServer({ name: "moved" })).toMatchObject({ attemptsEnded: 1 });
  expect((await scene.api.getBackup({ backupId })).backup).toMatchObject({
    status: "pending",
    attempt: 2,
  });
  await until(async () => (await scene.store.listUploads(objectKey)).length === 0, {
    what: "the old upload is aborted",
  });
  const old = await refused(scene.hostApi.heartbeat({ serverId, instanceId, attempts: [] }));
  expect(old.details).toBe(
    "server moved was taken over from this host manager; to let it serve again, run `manman server takeover moved --readmit`",
  );
  expect((await refused(scene.api.registerServer({ name: "moved", instanceId }))).code).toBe(
    status.FAILED_PRECONDITION,
  );
  await scene.api.registerServer({ name: "moved", instanceId: other });
  const next = { serverId, instanceId: other, backupId, attempt: 2 };
  expect(await scene.hostApi.claimAttempt(next)).toMatchObject({ outcome: ClaimOutcome.CLAIMED });
});

test("a claim that a takeover overtakes is refused, and its upload is aborted", async () => {
  const host = await hostOf("raced");
  const { serverId } = host;
  const backupId = await createdBackup(scene, host);
  scene.proxies.store.stallAfter(1);
  const claim = refused(scene.hostApi.claimAttempt({ serverId, instanceId, backupId, attempt: 1 }));
  await until(() => scene.proxies.store.isStalled, { what: "the claim opens an upload" });
  expect(await scene.api.takeOverServer({ serverId })).toMatchObject({ attemptsEnded: 0 });
  await scene.proxies.store.heal();
  expect(await claim).toMatchObject({
    code: status.FAILED_PRECONDITION,
    reason: "HOST_MANAGER_DISOWNED",
  });
  expect((await scene.api.getBackup({ backupId })).backup).toMatchObject({
    status: "pending",
    attempt: 1,
  });
  const key = `backups/${host.sgcId}/${backupId}.tar.gz`;
  await until(async () => (await scene.store.listUploads(key)).length === 0, {
    what: "the upload is aborted",
  });
});

test("a takeover that is repeated changes nothing, and one that readmits lets the old host manager back", async () => {
  const { serverId } = await hostOf("again");
  await scene.api.takeOverServer({ serverId });
  expect(await scene.api.takeOverServer({ serverId })).toMatchObject({ attemptsEnded: 0 });
  expect((await refused(scene.api.registerServer({ name: "again", instanceId }))).code).toBe(
    status.FAILED_PRECONDITION,
  );
  await scene.api.takeOverServer({ serverId, readmit: true });
  expect(await scene.api.registerServer({ name: "again", instanceId })).toMatchObject({ serverId });
});

test.each([
  ["no server", {}, "server_id"],
  ["a server by two names", { serverId: 1n, name: "eu-1" }, "name"],
  ["a name that is too long", { name: "x".repeat(101) }, "name"],
])("a takeover of %s is refused", async (_what, request, field) => {
  const error = await refused(scene.api.takeOverServer(request));
  expect(error.code).toBe(status.INVALID_ARGUMENT);
  expect(error.fieldViolations.map((violation) => violation.field)).toEqual([field]);
});

test.each([
  [{ serverId: 999n }, "there is no server 999"],
  [{ name: "nowhere" }, "there is no server nowhere"],
])("a takeover of a server that is not there says so", async (request, details) => {
  expect(await refused(scene.api.takeOverServer(request))).toMatchObject({
    code: status.NOT_FOUND,
    details,
  });
});
