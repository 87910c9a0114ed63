// The database, the broker or the network between goes away in the middle of the work: nothing is half done, and nothing is lost.
import { status } from "@grpc/grpc-js";
import { Health } from "@manman/contract/generated/health/v1/health_pb.ts";
import { grpcClient } from "@manman/contract/grpc-client.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../harness/until.ts";
import { takenFromHost } from "../harness/broker-queues.ts";
import {
  claimed,
  completedReport,
  createdBackup,
  deployedGame,
  hostWithGame,
  report,
  runningSession,
  sentPart,
  untilStatus,
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

async function untilServing(serving: boolean, service = ""): Promise<void> {
  const health = grpcClient(Health, { address: scene.address });
  try {
    await until(async () => (await health.check({ service })).status === (serving ? 1 : 2), {
      what: `the health service says ${serving ? "SERVING" : "NOT_SERVING"}`,
      deadlineMs: 20_000,
    });
  } finally {
    health.close();
  }
}

test("with the broker away a backup is recorded, and its command goes out when the broker is back", async () => {
  const host = await hostWithGame(scene, "broker-away");
  await scene.proxies.broker.cut();
  await untilServing(false);
  const backupId = await createdBackup(scene, host);
  expect((await scene.api.getBackup({ backupId })).backup?.status).toBe("pending");
  expect(await takenFromHost(scene.brokerUrl, host.serverId)).toEqual([]);
  await scene.proxies.broker.heal();
  const commands = await until(
    async () => {
      const taken = await takenFromHost(scene.brokerUrl, host.serverId);
      return taken.length > 0 && taken;
    },
    { what: "the command is in the host's queue", deadlineMs: 30_000 },
  );
  expect(commands.map(({ body }) => JSON.parse(body).backup_id)).toEqual([Number(backupId)]);
  await untilServing(true, "manman.v1.ManManAPI");
  const part = await sentPart(scene, await claimed(scene, host, backupId), new Uint8Array(10));
  await report(scene, completedReport(host, backupId, [part]));
  await untilStatus(scene, backupId, "completed");
});

test("a host registers and a game is deployed while the broker is away, and later commands reach the queue", async () => {
  await scene.proxies.broker.cut();
  await untilServing(false);
  const { serverId } = await scene.api.registerServer({ name: "registers-alone" });
  const sgcId = await deployedGame(scene, serverId);
  const backupId = await createdBackup(scene, { serverId, sgcId });
  await scene.proxies.broker.heal();
  await untilServing(true);
  await scene.api.registerServer({ name: "registers-alone" });
  const commands = await until(
    async () => {
      const taken = await takenFromHost(scene.brokerUrl, serverId);
      return taken.length > 0 && taken;
    },
    { what: "the command is in the host's queue" },
  );
  expect(commands.map(({ body }) => JSON.parse(body).backup_id)).toEqual([Number(backupId)]);
});

test("commands for a host without a queue wait, and hold up nobody else's", async () => {
  const { server } = await scene.api.createServer({ name: "no-queue" });
  const { serverId = 0n } = server ?? {};
  // Deployed past the control plane, which would make the queue.
  const config = await scene.api.createGameConfig({ name: "demo", entrypoint: ["/bin/true"] });
  const configId = config.config?.configId ?? 0n;
  const game = await scene.records.games.deploy({ serverId, configId, portBindings: [] });
  if ("kind" in game) throw new Error("not deployed");
  const waiting = await createdBackup(scene, { serverId, sgcId: game.sgcId });
  const host = await hostWithGame(scene, "has-queue");
  await createdBackup(scene, host);
  await until(async () => (await takenFromHost(scene.brokerUrl, host.serverId)).length === 1, {
    what: "the other host's command arrives",
  });
  await until(() => scene.log.some(({ fields }) => Number(fields["wait_ms"]) >= 4_000), {
    what: "the command is put off for at least four seconds",
    deadlineMs: 20_000,
  });
  await scene.api.registerServer({ name: "no-queue" });
  const [command] = await until(
    async () => {
      const taken = await takenFromHost(scene.brokerUrl, serverId);
      return taken.length > 0 && taken;
    },
    { what: "the waiting command arrives at once", deadlineMs: 2_500 },
  );
  expect(JSON.parse(command?.body ?? "")).toMatchObject({ backup_id: Number(waiting) });
});

test.each(["cut", "stall"] as const)(
  "with the database away (%s) a call is UNAVAILABLE with a time to retry, nothing is recorded, and health says so",
  async (how) => {
    const host = await hostWithGame(scene, `database-${how}`);
    await scene.proxies.database[how]();
    const error = await refused(scene.api.createBackup({ serverGameConfigId: host.sgcId }));
    expect(error).toMatchObject({ code: status.UNAVAILABLE, retryDelayMs: 1_000 });
    expect(error.details).toBe("the control plane cannot reach what it needs for this; try again");
    await untilServing(false);
    const filter = { sgcId: host.sgcId, sessionId: null, includeDeleted: true };
    const page = { beforeId: null, limit: 10 };
    expect(await scene.records.backups.list(filter, page)).toEqual([]);
    await scene.proxies.database.heal();
    await untilServing(true);
    const { serverGameConfigId = 0n } =
      (await scene.api.createBackup({ serverGameConfigId: host.sgcId })).backup ?? {};
    expect(serverGameConfigId).toBe(host.sgcId);
  },
);

test("what was asked of one host while the broker was away goes out in its order", async () => {
  const host = await hostWithGame(scene, "ordered");
  const sessionId = await runningSession(scene, host);
  await takenFromHost(scene.brokerUrl, host.serverId);
  await scene.proxies.broker.cut();
  await untilServing(false);
  const lines = Array.from({ length: 20 }, (_one, place) => `line ${place}\n`);
  for (const line of lines) {
    await scene.api.sendInput({ sessionId, input: Buffer.from(line) });
  }
  await scene.api.stopSession({ sessionId });
  await scene.proxies.broker.heal();
  const received: string[] = [];
  await until(
    async () => {
      for (const { routingKey, body } of await takenFromHost(scene.brokerUrl, host.serverId)) {
        const { input = "" } = JSON.parse(body) as { input?: string };
        const command = input === "" ? routingKey : Buffer.from(input, "base64").toString();
        // One whose confirm is late comes twice; the first time counts.
        if (!received.includes(command)) received.push(command);
      }
      return received.length >= 21;
    },
    { what: "every command arrives", deadlineMs: 30_000 },
  );
  expect(received).toEqual([...lines, `command.host.${host.serverId}.session.stop`]);
});

test("two control planes side by side do the work once", async () => {
  const other = await scene.another();
  const { serverId } = await scene.api.registerServer({ name: "side-by-side" });
  const games = await Promise.all(
    Array.from({ length: 40 }, async () => await deployedGame(scene, serverId)),
  );
  const made = await Promise.all(
    games.map(async (sgcId) => await createdBackup(scene, { serverId, sgcId })),
  );
  const received: number[] = [];
  await until(
    async () => {
      const taken = await takenFromHost(scene.brokerUrl, serverId);
      received.push(...taken.map(({ body }) => Number(JSON.parse(body).backup_id)));
      return received.length >= 40;
    },
    { what: "every command arrives" },
  );
  expect(received.toSorted((a, b) => a - b)).toEqual(made.map(Number).toSorted((a, b) => a - b));
  expect(other.address).not.toBe(scene.address);
});
