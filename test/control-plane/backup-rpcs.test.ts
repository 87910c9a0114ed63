// The backup RPCs over a real server: answers, errors in their exact codes, pages and repeated calls.
import { status } from "@grpc/grpc-js";
import { GrpcError } from "@manman/contract/grpc-error.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../harness/until.ts";
import { takenFromHost } from "../harness/broker-queues.ts";
import {
  createdBackup,
  deployedGame,
  hostWithGame,
  madeBackup,
  report,
  runningSession,
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

test("a backup of a running session is recorded as pending, and its command goes to the host", async () => {
  const host = await hostWithGame(scene, "created");
  const sessionId = await runningSession(scene, host);
  await takenFromHost(scene.brokerUrl, host.serverId);
  const { backup } = await scene.api.createBackup({ sessionId, description: "Before update" });
  const backupId = backup?.backupId ?? 0n;
  expect(backup).toMatchObject({
    sessionId,
    serverGameConfigId: host.sgcId,
    serverId: host.serverId,
    description: "Before update",
    status: "pending",
    s3Url: "",
    sizeBytes: 0n,
    attempt: 1,
    startedAt: 0n,
    finishedAt: 0n,
    errorMessage: "",
  });
  const [command] = await until(
    async () => {
      const taken = await takenFromHost(scene.brokerUrl, host.serverId);
      return taken.length > 0 && taken;
    },
    { what: "the command is in the host's queue" },
  );
  expect(command?.routingKey).toBe(`command.host.${host.serverId}.backup`);
  expect(JSON.parse(command?.body ?? "")).toMatchObject({
    command: "backup_session",
    session_id: Number(sessionId),
    backup_id: Number(backupId),
    s3_key: `backups/${host.sgcId}/${backupId}.tar.gz`,
    sgc_id: Number(host.sgcId),
    attempt: 1,
  });
});

test("a backup of an unknown session is NOT_FOUND", async () => {
  expect(
    await refused(scene.api.createBackup({ sessionId: 123n, description: "Before update" })),
  ).toEqual({
    code: status.NOT_FOUND,
    details: "there is no session 123",
    fieldViolations: [],
    retryDelayMs: undefined,
  });
});

test("a backup of an unknown deployment is NOT_FOUND", async () => {
  expect(await refused(scene.api.createBackup({ serverGameConfigId: 999n }))).toMatchObject({
    code: status.NOT_FOUND,
    details: "there is no server game config 999",
  });
});

test("a backup of a session that has ended is FAILED_PRECONDITION and says what to do instead", async () => {
  const host = await hostWithGame(scene, "ended");
  const sessionId = await runningSession(scene, host);
  const { sgcId } = host;
  await report(scene, {
    kind: "status.session",
    sessionId,
    sgcId,
    status: "completed",
    exitCode: 0,
  });
  await until(
    async () => (await scene.api.getSession({ sessionId })).session?.status === "completed",
    { what: "the session has ended" },
  );
  expect(await refused(scene.api.createBackup({ sessionId }))).toMatchObject({
    code: status.FAILED_PRECONDITION,
    details: `session ${sessionId} is completed; back its data up with server_game_config_id ${sgcId} instead`,
  });
  expect((await scene.api.createBackup({ serverGameConfigId: sgcId })).backup?.sessionId).toBe(0n);
});

test("every mistake in a request is named at once", async () => {
  expect(
    await refused(
      scene.api.createBackup({ description: "x".repeat(1_001), requestId: "r".repeat(65) }),
    ),
  ).toEqual({
    code: status.INVALID_ARGUMENT,
    details:
      "session_id: must be given, or else server_game_config_id; " +
      "description: must have at most 1000 characters, not 1001; " +
      "request_id: must have at most 64 characters, not 65",
    fieldViolations: [
      { field: "session_id", description: "must be given, or else server_game_config_id" },
      { field: "description", description: "must have at most 1000 characters, not 1001" },
      { field: "request_id", description: "must have at most 64 characters, not 65" },
    ],
    retryDelayMs: undefined,
  });
});

test.each([
  [{ sessionId: 1n, serverGameConfigId: 1n }, "server_game_config_id"],
  [{ sessionId: -1n }, "session_id"],
  [{ serverGameConfigId: 1n, description: "nul\0" }, "description"],
])("the request %o is INVALID_ARGUMENT", async (request, field) => {
  const error = await refused(scene.api.createBackup(request));
  expect(error.code).toBe(status.INVALID_ARGUMENT);
  expect(error.fieldViolations?.map((violation) => violation.field)).toEqual([field]);
});

test("a second backup of a game is ALREADY_EXISTS and names the first", async () => {
  const host = await hostWithGame(scene, "second");
  const backupId = await createdBackup(scene, host);
  expect(await refused(scene.api.createBackup({ serverGameConfigId: host.sgcId }))).toMatchObject({
    code: status.ALREADY_EXISTS,
    details: `backup ${backupId} of server game config ${host.sgcId} is under way; wait for it to end`,
  });
});

test("the same request_id gets the first call's backup, and nothing new is made", async () => {
  const host = await hostWithGame(scene, "repeated");
  const request = { serverGameConfigId: host.sgcId, requestId: "repeated-1" };
  const first = await scene.api.createBackup(request);
  const second = await scene.api.createBackup(request);
  expect(second.backup?.backupId).toBe(first.backup?.backupId);
  expect(first.backup?.requestId).toBe("repeated-1");
  const { backups } = await scene.api.listBackups({ serverGameConfigId: host.sgcId });
  expect(backups).toHaveLength(1);
});

test("a request_id that was used for another game is INVALID_ARGUMENT", async () => {
  const host = await hostWithGame(scene, "reused");
  const other = await deployedGame(scene, host.serverId);
  const requestId = "reused-1";
  const { backup } = await scene.api.createBackup({ serverGameConfigId: host.sgcId, requestId });
  const error = await refused(scene.api.createBackup({ serverGameConfigId: other, requestId }));
  expect(error).toMatchObject({
    code: status.INVALID_ARGUMENT,
    details: `request_id: was used for backup ${backup?.backupId} of another target; use a new one`,
  });
});

test("of sixty-four concurrent calls for one game exactly one makes a backup, and the rest name it", async () => {
  const host = await hostWithGame(scene, "crowd");
  const calls = Array.from(
    { length: 64 },
    async () => await scene.api.createBackup({ serverGameConfigId: host.sgcId }),
  );
  const outcomes = await Promise.allSettled(calls);
  const made = outcomes.flatMap((one) => (one.status === "fulfilled" ? [one.value.backup] : []));
  expect(made).toHaveLength(1);
  const details = outcomes.flatMap((one) =>
    one.status === "rejected" && one.reason instanceof GrpcError ? [one.reason.details] : [],
  );
  expect(new Set(details)).toEqual(
    new Set([
      `backup ${made[0]?.backupId} of server game config ${host.sgcId} is under way; wait for it to end`,
    ]),
  );
  expect(details).toHaveLength(63);
});

test("concurrent calls with one request_id all get the same backup", async () => {
  const host = await hostWithGame(scene, "same");
  const request = { serverGameConfigId: host.sgcId, requestId: "same-1" };
  const answers = await Promise.all(
    Array.from({ length: 16 }, async () => await scene.api.createBackup(request)),
  );
  expect(new Set(answers.map(({ backup }) => backup?.backupId)).size).toBe(1);
});

test("concurrent calls for different games each make a backup", async () => {
  const { serverId } = await hostWithGame(scene, "many");
  const games = await Promise.all(
    Array.from({ length: 70 }, async () => await deployedGame(scene, serverId)),
  );
  const answers = await Promise.all(
    games.map(async (serverGameConfigId) => await scene.api.createBackup({ serverGameConfigId })),
  );
  expect(answers.map(({ backup }) => backup?.serverGameConfigId)).toEqual(games);
  expect(new Set(answers.map(({ backup }) => backup?.backupId)).size).toBe(70);
});

test("pages hold every backup once, newest first, and their tokens serve no other list", async () => {
  const host = await hostWithGame(scene, "paged");
  const made: bigint[] = [];
  for (let count = 0; count < 5; count += 1) made.unshift(await madeBackup(scene, host));
  const query = { serverGameConfigId: host.sgcId, pageSize: 2 };
  const first = await scene.api.listBackups(query);
  const second = await scene.api.listBackups({ ...query, pageToken: first.nextPageToken });
  const third = await scene.api.listBackups({ ...query, pageToken: second.nextPageToken });
  const listed = [first, second, third].map(({ backups }) => backups.map((one) => one.backupId));
  expect(listed).toEqual([made.slice(0, 2), made.slice(2, 4), made.slice(4)]);
  expect(third.nextPageToken).toBe("");

  const pageToken = first.nextPageToken;
  const violation = {
    code: status.INVALID_ARGUMENT,
    details: "page_token: is not the next_page_token of this list with these filters",
  };
  const tampered = `${pageToken.slice(0, -1)}${pageToken.endsWith("A") ? "B" : "A"}`;
  expect(await refused(scene.api.listBackups({ ...query, pageToken: tampered }))).toMatchObject(
    violation,
  );
  expect(await refused(scene.api.listBackups({ pageToken }))).toMatchObject(violation);
  expect(await refused(scene.api.listServers({ pageToken }))).toMatchObject(violation);
  expect(await refused(scene.api.listBackups({ ...query, pageSize: -1 }))).toMatchObject({
    code: status.INVALID_ARGUMENT,
    details: "page_size: must be 1 to 100, or left out for 50",
  });
  const large = await scene.api.listBackups({ ...query, pageSize: 1_000 });
  expect(large.backups).toHaveLength(5);
});

test("a backup of a deployment that nobody knows, or without an id, cannot be shown", async () => {
  expect(await refused(scene.api.getBackup({ backupId: 999_999n }))).toMatchObject({
    code: status.NOT_FOUND,
    details: "there is no backup 999999",
  });
  expect(await refused(scene.api.getBackup({}))).toMatchObject({
    code: status.INVALID_ARGUMENT,
    details: "backup_id: must be given, and is 1 or more",
  });
});

test("a pending backup says why it waits", async () => {
  const { server } = await scene.api.createServer({ name: "never-registered" });
  const sgcId = await deployedGame(scene, server?.serverId ?? 0n);
  const { backup } = await scene.api.createBackup({ serverGameConfigId: sgcId });
  const shown = await scene.api.getBackup({ backupId: backup?.backupId ?? 0n });
  expect(shown.backup?.waitingReason).toBe(
    `the host manager of server ${server?.serverId} has never registered`,
  );
  const { backups } = await scene.api.listBackups({ serverGameConfigId: sgcId });
  expect(backups[0]?.waitingReason).toBe(shown.backup?.waitingReason);
});
