// The RPCs for servers, game configs, deployments and sessions: answers, and errors in their exact codes.
import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../harness/until.ts";
import { takenFromHost, type QueuedMessage } from "../harness/broker-queues.ts";
import { hostWithGame, report, runningSession } from "./played-host.ts";
import { refused } from "./refused-call.ts";
import { controlPlaneScene, type Scene } from "./scene.ts";

let scene: Scene;

beforeAll(async () => {
  scene = await controlPlaneScene();
});

afterAll(async () => {
  await scene.close();
});

async function commandsFor(serverId: bigint, count: number): Promise<readonly QueuedMessage[]> {
  const taken: QueuedMessage[] = [];
  await until(
    async () => {
      taken.push(...(await takenFromHost(scene.brokerUrl, serverId)));
      return taken.length >= count;
    },
    { what: `${count} commands are in the queue` },
  );
  return taken;
}

test("a host registers by name, gets the same id each time, and is online", async () => {
  const first = await scene.api.registerServer({
    name: "host-a",
    environment: "production",
    capabilities: { totalMemoryMb: 64, availablePorts: [{ start: 1, end: 2, protocol: "TCP" }] },
  });
  const again = await scene.api.registerServer({ name: "host-a", environment: "production" });
  expect(again.serverId).toBe(first.serverId);
  expect(again.server).toMatchObject({
    serverId: first.serverId,
    name: "host-a",
    status: "online",
    environment: "production",
  });
  expect(Number(again.server?.lastSeen)).toBeGreaterThan(1_700_000_000);
});

test("a host that is silent for three heartbeats is offline, and online again with the next", async () => {
  const { serverId } = await scene.api.registerServer({ name: "silent" });
  const statusOf = async () => (await scene.api.getServer({ serverId })).server?.status;
  expect(await statusOf()).toBe("online");
  await until(async () => (await statusOf()) === "offline", { what: "the host is offline" });
  expect(await scene.api.heartbeat({ serverId })).toMatchObject({
    acknowledged: true,
    nextHeartbeatSeconds: 1n,
  });
  expect(await statusOf()).toBe("online");
});

test("a host's own reports show that it is there", async () => {
  const { server } = await scene.api.createServer({ name: "reporting" });
  const serverId = server?.serverId ?? 0n;
  expect(server).toMatchObject({ status: "offline", lastSeen: 0n });
  await report(scene, { kind: "health.host", serverId, status: "online" });
  await until(async () => (await scene.api.getServer({ serverId })).server?.status === "online", {
    what: "the host is online",
  });
});

test.each([
  ["an empty name", { name: "" }, "name"],
  ["a long name", { name: "x".repeat(101) }, "name"],
  ["an environment that is a path", { name: "a", environment: "../etc" }, "environment"],
  [
    "a long protocol",
    { name: "a", capabilities: { availablePorts: [{ protocol: "x".repeat(11) }] } },
    "capabilities.available_ports[0].protocol",
  ],
])("a host with %s is refused", async (_what, request, field) => {
  const error = await refused(scene.api.registerServer(request));
  expect(error.code).toBe(status.INVALID_ARGUMENT);
  expect(error.fieldViolations.map((violation) => violation.field)).toEqual([field]);
});

test("a host cannot move to another environment, and a name is given once", async () => {
  await scene.api.registerServer({ name: "fixed", environment: "production" });
  const moved = await refused(scene.api.registerServer({ name: "fixed", environment: "staging" }));
  expect([status.FAILED_PRECONDITION, status.ALREADY_EXISTS]).toContain(moved.code);
  expect(await refused(scene.api.createServer({ name: "fixed" }))).toMatchObject({
    code: status.ALREADY_EXISTS,
  });
});

test("unknown ids are NOT_FOUND, each by its kind", async () => {
  const calls = {
    "server 999": () => scene.api.getServer({ serverId: 999n }),
    "server 998": () => scene.api.heartbeat({ serverId: 998n }),
    "game config 999": () => scene.api.getGameConfig({ configId: 999n }),
    "server game config 999": () => scene.api.getServerGameConfig({ serverGameConfigId: 999n }),
    "server game config 998": () => scene.api.startSession({ serverGameConfigId: 998n }),
    "session 999": () => scene.api.getSession({ sessionId: 999n }),
    "session 998": () => scene.api.stopSession({ sessionId: 998n }),
    "session 997": () => scene.api.sendInput({ sessionId: 997n, input: new Uint8Array([10]) }),
  };
  for (const [what, call] of Object.entries(calls)) {
    expect(await refused(call())).toMatchObject({
      code: status.NOT_FOUND,
      details: `there is no ${what}`,
    });
  }
});

test("a game config keeps what it was given", async () => {
  const given = {
    gameId: 77n,
    name: "demo",
    image: "registry/demo:1",
    argsTemplate: "--port {{port.25565/tcp}}",
    envTemplate: { WORLD: "{{sgc_id}}" },
    entrypoint: ["/usr/bin/java"],
    command: ["-jar", "server.jar"],
  };
  const { config } = await scene.api.createGameConfig(given);
  expect(config).toMatchObject(given);
  const { configId = 0n } = config ?? {};
  expect((await scene.api.getGameConfig({ configId })).config).toEqual(config);
  const { configs } = await scene.api.listGameConfigs({ gameId: 77n });
  expect(configs).toEqual([config]);
});

test("a game config is refused with every mistake in its templates", async () => {
  const error = await refused(
    scene.api.createGameConfig({
      argsTemplate: '--name "unclosed',
      entrypoint: ["/bin/{{nothing}}"],
      envTemplate: { "NOT-A-NAME": "x" },
    }),
  );
  expect(error.code).toBe(status.INVALID_ARGUMENT);
  expect(error.fieldViolations.map(({ field }) => field).toSorted()).toEqual([
    "args_template",
    "entrypoint[0]",
    "env_template[NOT-A-NAME]",
    "name",
  ]);
});

test("a game config whose texts would not fit into a command is refused", async () => {
  const error = await refused(
    scene.api.createGameConfig({
      name: "large",
      entrypoint: ["/bin/true"],
      envTemplate: { A: "x".repeat(100_001) },
    }),
  );
  expect(error.fieldViolations.map(({ field }) => field)).toEqual(["args_template"]);
});

test("a text that no start command could carry is refused when the config is made", async () => {
  const long = "x".repeat(32_769);
  const error = await refused(
    scene.api.createGameConfig({
      name: "long",
      entrypoint: ["/bin/true", long],
      envTemplate: { MOTD: long },
    }),
  );
  expect(error.fieldViolations).toEqual([
    { field: "entrypoint[1]", description: "must have at most 32768 characters, not 32769" },
    { field: "env_template[MOTD]", description: "must have at most 32768 characters, not 32769" },
  ]);
});

test("a deployment keeps its ports, and unknown parts of it are NOT_FOUND", async () => {
  const { serverId } = await scene.api.registerServer({ name: "deployed-on" });
  const created = await scene.api.createGameConfig({ name: "demo", entrypoint: ["/bin/true"] });
  const gameConfigId = created.config?.configId ?? 0n;
  const portBindings = [
    { containerPort: 25_565, hostPort: 31_000, protocol: "UDP" },
    { containerPort: 25_565, hostPort: 31_000 },
  ];
  const { config } = await scene.api.deployGameConfig({ serverId, gameConfigId, portBindings });
  expect(config).toMatchObject({
    serverId,
    gameConfigId,
    status: "active",
    portBindings: [
      { containerPort: 25_565, hostPort: 31_000, protocol: "UDP" },
      { containerPort: 25_565, hostPort: 31_000, protocol: "TCP" },
    ],
  });
  const listed = await scene.api.listServerGameConfigs({ serverId });
  expect(listed.configs).toEqual([config]);
  expect(await refused(scene.api.deployGameConfig({ serverId: 999n, gameConfigId }))).toMatchObject(
    { code: status.NOT_FOUND, details: "there is no server 999" },
  );
  expect(await refused(scene.api.deployGameConfig({ serverId, gameConfigId: 999n }))).toMatchObject(
    { code: status.NOT_FOUND, details: "there is no game config 999" },
  );
});

test("impossible ports are refused, each by its place", async () => {
  const error = await refused(
    scene.api.deployGameConfig({
      serverId: 1n,
      gameConfigId: 1n,
      portBindings: [
        { containerPort: 0, hostPort: 65_536, protocol: "SCTP" },
        { containerPort: 1, hostPort: 2, protocol: "tcp" },
        { containerPort: 3, hostPort: 2, protocol: "TCP" },
      ],
    }),
  );
  expect(error.fieldViolations.map(({ field }) => field)).toEqual([
    "port_bindings[0].container_port",
    "port_bindings[0].host_port",
    "port_bindings[0].protocol",
    "port_bindings[2].host_port",
  ]);
});

test("a session starts, takes input, and stops; its host gets the commands in that order", async () => {
  const host = await hostWithGame(scene, "session-host");
  const sessionId = await runningSession(scene, host);
  expect(await scene.api.sendInput({ sessionId, input: Buffer.from("say hi\n") })).toMatchObject(
    {},
  );
  expect((await scene.api.stopSession({ sessionId })).session?.status).toBe("stopping");
  const commands = await commandsFor(host.serverId, 3);
  expect(commands.map(({ routingKey }) => routingKey.split(".").slice(3).join("."))).toEqual([
    "session.start",
    "session.send_input",
    "session.stop",
  ]);
  const { sgcId } = host;
  await report(scene, {
    kind: "status.session",
    sessionId,
    sgcId,
    status: "crashed",
    exitCode: 143,
  });
  const ended = await until(
    async () => {
      const { session } = await scene.api.getSession({ sessionId });
      return session?.status === "stopped" && session;
    },
    { what: "the session has stopped" },
  );
  expect(ended).toMatchObject({ exitCode: 143, serverGameConfigId: sgcId });
  expect(Number(ended.startedAt)).toBeGreaterThan(1_700_000_000);
  expect(ended.endedAt >= ended.startedAt).toBe(true);
  expect((await scene.api.stopSession({ sessionId })).session?.status).toBe("stopped");
  expect(
    await refused(scene.api.sendInput({ sessionId, input: new Uint8Array([10]) })),
  ).toMatchObject({
    code: status.FAILED_PRECONDITION,
    details: `session ${sessionId} is stopped; only a running session takes input`,
  });
});

test("a second session is FAILED_PRECONDITION, and with force the first is stopped for it", async () => {
  const host = await hostWithGame(scene, "forced");
  const sessionId = await runningSession(scene, host);
  const serverGameConfigId = host.sgcId;
  expect(await refused(scene.api.startSession({ serverGameConfigId }))).toMatchObject({
    code: status.FAILED_PRECONDITION,
    details: `session ${sessionId} of server game config ${host.sgcId} is running; stop it first, or start with force`,
  });
  const { session } = await scene.api.startSession({ serverGameConfigId, force: true });
  expect(session?.status).toBe("pending");
  expect((await scene.api.getSession({ sessionId })).session?.status).toBe("stopping");
});

test("a start from a backup says that restores are not there as yet, and starts nothing", async () => {
  const host = await hostWithGame(scene, "restored");
  const serverGameConfigId = host.sgcId;
  const error = await refused(
    scene.api.startSession({ serverGameConfigId, restoreFromBackupId: 5n }),
  );
  expect(error.code).toBe(status.UNIMPLEMENTED);
  expect(error.details).toContain("does not restore them as yet");
  expect((await scene.api.listSessions({ serverGameConfigId })).sessions).toEqual([]);
});

test.each([0, 65_537])("input of %i bytes is refused", async (bytes) => {
  const error = await refused(scene.api.sendInput({ sessionId: 1n, input: new Uint8Array(bytes) }));
  expect(error).toMatchObject({ code: status.INVALID_ARGUMENT });
  expect(error.fieldViolations.map(({ field }) => field)).toEqual(["input"]);
});

test("sessions are listed by game, server, status and time, and page by page", async () => {
  const host = await hostWithGame(scene, "listed");
  const first = await runningSession(scene, host);
  const { sgcId } = host;
  await report(scene, { kind: "status.session", sessionId: first, sgcId, status: "completed" });
  await until(
    async () => (await scene.api.getSession({ sessionId: first })).session?.status === "completed",
    { what: "the first session has ended" },
  );
  const second = await runningSession(scene, host);
  const idsOf = async (request: Parameters<typeof scene.api.listSessions>[0]) =>
    (await scene.api.listSessions(request)).sessions.map(({ sessionId }) => sessionId);
  expect(await idsOf({ serverGameConfigId: sgcId })).toEqual([second, first]);
  expect(await idsOf({ serverId: host.serverId })).toEqual([second, first]);
  expect(await idsOf({ serverId: host.serverId, liveOnly: true })).toEqual([second]);
  const completed = { serverId: host.serverId, statusFilter: ["completed"] };
  expect(await idsOf(completed)).toEqual([first]);
  expect(await idsOf({ ...completed, liveOnly: true })).toEqual([]);
  expect(await idsOf({ serverId: host.serverId, startedBefore: 1_000_000_000n })).toEqual([]);
  expect(await idsOf({ serverId: host.serverId, startedAfter: 1_000_000_000n })).toEqual([
    second,
    first,
  ]);
  const page = await scene.api.listSessions({ serverGameConfigId: sgcId, pageSize: 1 });
  const pageToken = page.nextPageToken;
  expect(await idsOf({ serverGameConfigId: sgcId, pageSize: 1, pageToken })).toEqual([first]);
  const error = await refused(scene.api.listSessions({ statusFilter: ["running", "asleep"] }));
  expect(error.fieldViolations.map(({ field }) => field)).toEqual(["status_filter[1]"]);
});

test("servers are listed page by page", async () => {
  const made: bigint[] = [];
  for (const name of ["page-1", "page-2", "page-3"]) {
    made.unshift((await scene.api.registerServer({ name })).serverId);
  }
  const first = await scene.api.listServers({ pageSize: 2 });
  expect(first.servers.map(({ serverId }) => serverId)).toEqual(made.slice(0, 2));
  const { nextPageToken: pageToken } = first;
  const second = await scene.api.listServers({ pageSize: 2, pageToken });
  expect(second.servers[0]?.serverId).toBe(made[2]);
});

test("every method that is not carried out as yet says so, and why", async () => {
  const calls = [
    () => scene.api.triggerBackup({}),
    () => scene.api.createBackupConfig({}),
    () => scene.api.getBackupConfig({}),
    () => scene.api.listBackupConfigs({}),
    () => scene.api.updateBackupConfig({}),
    () => scene.api.deleteBackupConfig({}),
    () => scene.api.addBackupConfigAction({}),
    () => scene.api.removeBackupConfigAction({}),
    () => scene.api.listBackupConfigActions({}),
    () => scene.api.updateGameConfig({}),
    () => scene.api.deleteGameConfig({}),
    () => scene.api.createGameConfigVolume({}),
    () => scene.api.getGameConfigVolume({}),
    () => scene.api.listGameConfigVolumes({}),
  ];
  for (const call of calls) {
    const { code, details } = await refused(call());
    expect(code).toBe(status.UNIMPLEMENTED);
    expect(details).toMatch(/ as yet; /);
  }
});
