// Control plane and host manager as processes on real servers: a backup, and what a killed or ended host manager leaves behind.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import { grpcClient } from "@manman/contract/grpc-client.ts";
import { expect, onTestFinished, test } from "vitest";
import { freePort } from "../../scripts/services/free-ports.ts";
import { freshBroker } from "../harness/fresh-broker.ts";
import { freshBucket } from "../harness/fresh-bucket.ts";
import { freshDatabase } from "../harness/fresh-database.ts";
import { runProgram, type Program } from "../harness/program.ts";
import { TcpProxy } from "../harness/tcp-proxy.ts";
import { until } from "../harness/until.ts";
import { makeWorld, scratchDirectory } from "./game-world.ts";

const mib = 1024 * 1024;
const hostManager = "packages/host-manager/src/main.ts";

test("a backup that is asked for over gRPC lies in the bucket, and the running game is left alone", async () => {
  const fleet = await fleetOfOne(20 * mib);
  const host = fleet.startHostManager();
  await host.said("ready");
  const { sgcId, sessionId } = await fleet.startGame();
  const game = await fleet.gamePid();

  const { backup } = await fleet.manman.createBackup({ sessionId });
  const completed = await fleet.untilEnded(backup?.backupId ?? 0n);

  expect(completed).toMatchObject({ status: "completed", attempt: 1, errorMessage: "" });
  const bytes = await fleet.object(`backups/${sgcId}/${completed.backupId}.tar.gz`);
  expect(BigInt(bytes.length)).toBe(completed.sizeBytes);
  const archive = join(fleet.scratch, "fetched.tar.gz");
  await writeFile(archive, bytes);
  await mkdir(join(fleet.scratch, "out"));
  execFileSync("tar", ["-xzf", archive, "-C", join(fleet.scratch, "out")]);
  execFileSync("diff", ["-r", "--no-dereference", fleet.world, join(fleet.scratch, "out", "game")]);

  await fleet.manman.stopSession({ sessionId });
  await until(() => !isAlive(game), { what: "the game ends" });
  await until(async () => (await fleet.session(sessionId))?.status === "stopped", {
    what: "the session is stopped",
  });
});

test("a host manager that is killed in mid-upload goes on with the same attempt, and the game runs on", async () => {
  const fleet = await fleetOfOne(40 * mib);
  const s3 = await TcpProxy.to(fleet.environment["S3_ENDPOINT"] ?? "");
  onTestFinished(async () => await s3.close());
  const slow = { S3_ENDPOINT: s3.through(fleet.environment["S3_ENDPOINT"] ?? "") };
  const first = fleet.startHostManager(slow);
  await first.said("ready");
  const { sessionId } = await fleet.startGame();
  const game = await fleet.gamePid();
  s3.stall();
  const { backup } = await fleet.manman.createBackup({ sessionId });
  const backupId = backup?.backupId ?? 0n;
  const packer = Number((await first.said("packer started"))["packer_pid"]);
  await until(() => s3.connections > 0, { what: "parts are on their way" });

  await first.end("SIGKILL");

  await until(() => !isAlive(packer), { what: "its packer ends too" });
  expect(isAlive(game)).toBe(true);
  await s3.heal();
  const second = fleet.startHostManager(slow);
  const completed = await fleet.untilEnded(backupId);
  expect(completed).toMatchObject({ status: "completed", attempt: 1 });
  expect(isAlive(game)).toBe(true);
  expect((await fleet.session(sessionId))?.status).toBe("running");
  expect(second.lines.some(({ msg }) => msg === "attempt claimed")).toBe(true);
});

test("a host manager that is told to end does so within ten seconds, and leaves its game and its work", async () => {
  const fleet = await fleetOfOne(20 * mib);
  const s3 = await TcpProxy.to(fleet.environment["S3_ENDPOINT"] ?? "");
  onTestFinished(async () => await s3.close());
  const slow = { S3_ENDPOINT: s3.through(fleet.environment["S3_ENDPOINT"] ?? "") };
  const first = fleet.startHostManager(slow);
  await first.said("ready");
  const { sessionId } = await fleet.startGame();
  const game = await fleet.gamePid();
  s3.stall();
  const { backup } = await fleet.manman.createBackup({ sessionId });
  const packer = Number((await first.said("packer started"))["packer_pid"]);

  const startedMs = performance.now();
  expect(await first.end("SIGTERM")).toBe(0);

  expect(performance.now() - startedMs).toBeLessThan(10_000);
  expect(isAlive(packer)).toBe(false);
  expect(isAlive(game)).toBe(true);
  await s3.heal();
  fleet.startHostManager(slow);
  expect(await fleet.untilEnded(backup?.backupId ?? 0n)).toMatchObject({ status: "completed" });
});

test("a game that is started but whose data is gone fails its backup with the reason", async () => {
  const fleet = await fleetOfOne(0);
  const host = fleet.startHostManager();
  await host.said("ready");
  const { backup } = await fleet.manman.createBackup({ serverGameConfigId: fleet.sgcId });
  const failed = await fleet.untilEnded(backup?.backupId ?? 0n);
  expect(failed).toMatchObject({ status: "failed", attempt: 1, errorCode: "source_missing" });
  expect(failed.errorMessage).toContain(`gsc-test-${fleet.sgcId}/game`);
});

test("wrong configuration ends the program at once, with every mistake", async () => {
  const host = runProgram(hostManager, { ENVIRONMENT: "a/b", PACKERS_MAX: "many" });
  expect(await host.ended).toBe(2);
  expect(host.lines.map(({ msg }) => msg)).toEqual([
    "the configuration is wrong:",
    "  RABBITMQ_URL: must be set: the broker, amqp://user:password@host:port/vhost",
    "  S3_BUCKET: must be set: bucket that holds the archives",
    expect.stringContaining("  ENVIRONMENT: must be 1 to 63 letters"),
    '  PACKERS_MAX: must be a whole number from 1 to 16, not "many"',
  ]);
});

/** A control plane on fresh servers, and one game on one host, whose world has so many bytes (0: no world at all). */
async function fleetOfOne(worldBytes: number) {
  const scratch = await scratchDirectory();
  const [database, broker, bucket] = [
    await freshDatabase(),
    await freshBroker(),
    await freshBucket(),
  ];
  onTestFinished(async () => {
    await Promise.all([database.remove(), broker.remove(), bucket.remove()]);
  });
  const port = await freePort();
  const environment: Record<string, string> = {
    ...bucket.environment,
    RABBITMQ_URL: broker.url,
    PG_DATABASE_URL: database.url,
    PORT: String(port),
    API_ADDRESS: `127.0.0.1:${port}`,
    HEARTBEAT_SECONDS: "1",
    LOG_LEVEL: "debug",
  };
  const controlPlane = runProgram("packages/control-plane/src/main.ts", environment);
  await controlPlane.said("ready");
  const manman = grpcClient(ManManAPI, { address: `127.0.0.1:${port}` });
  onTestFinished(() => manman.close());
  const registered = await manman.registerServer({ name: "host-a", environment: "test" });
  const { config } = await manman.createGameConfig({
    gameId: 1n,
    name: "demo",
    entrypoint: ["sleep"],
    command: ["3600"],
  });
  const deployed = await manman.deployGameConfig({
    serverId: registered.serverId,
    gameConfigId: config?.configId ?? 0n,
  });
  const sgcId = deployed.config?.serverGameConfigId ?? 0n;
  const data = join(scratch, "data");
  const world = join(data, `gsc-test-${sgcId}`, "game");
  await mkdir(data);
  if (worldBytes > 0) await makeWorld(world, worldBytes);

  const session = async (sessionId: bigint) => (await manman.getSession({ sessionId })).session;
  const startHostManager = (more: Record<string, string> = {}): Program =>
    runProgram(hostManager, {
      ...environment,
      SERVER_NAME: "host-a",
      ENVIRONMENT: "test",
      HOST_DATA_DIR: data,
      STOP_GRACE_SECONDS: "5",
      ...more,
    });
  onTestFinished(() => {
    for (const pid of gamesIn(world)) process.kill(pid, "SIGKILL");
  });
  return {
    scratch,
    environment,
    world,
    manman,
    sgcId,
    session,
    startHostManager,
    startGame: async () => {
      const started = await manman.startSession({ serverGameConfigId: sgcId });
      const sessionId = started.session?.sessionId ?? 0n;
      await until(async () => (await session(sessionId))?.status === "running", {
        what: "the game runs",
      });
      return { sgcId, sessionId };
    },
    gamePid: async () => await until(() => gamesIn(world)[0], { what: "the game's process" }),
    untilEnded: async (backupId: bigint) =>
      await until(
        async () => {
          const { backup } = await manman.getBackup({ backupId });
          return backup?.status === "completed" || backup?.status === "failed" ? backup : null;
        },
        { what: `backup ${backupId} ends`, deadlineMs: 40_000 },
      ),
    object: async (key: string): Promise<Uint8Array> => {
      const command = new GetObjectCommand({ Bucket: bucket.name, Key: key });
      const { Body } = await bucket.client.send(command);
      return (await Body?.transformToByteArray()) ?? new Uint8Array();
    },
  };
}

/** The processes that run `sleep` in a game's directory. */
function gamesIn(directory: string): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => {
      try {
        const [command, cwd] = [
          readFileSync(`/proc/${pid}/cmdline`, "utf8"),
          readlinkSync(`/proc/${pid}/cwd`),
        ];
        return command.startsWith("sleep") && cwd === directory;
      } catch {
        return false;
      }
    });
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
