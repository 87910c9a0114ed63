// The control plane as a process: its configuration, its end, its death at the worst moment, and what reflection clients see of it.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Health } from "@manman/contract/generated/health/v1/health_pb.ts";
import { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import { grpcClient } from "@manman/contract/grpc-client.ts";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { bufCurl } from "../harness/buf-curl.ts";
import { freshBroker, type FreshBroker } from "../harness/fresh-broker.ts";
import { freshBucket, type FreshBucket } from "../harness/fresh-bucket.ts";
import { freshDatabase, type FreshDatabase } from "../harness/fresh-database.ts";
import { TcpProxy } from "../harness/tcp-proxy.ts";
import { until } from "../harness/until.ts";
import { endedProcess, startedProcess, startingProcess } from "./control-plane-process.ts";

let database: FreshDatabase;
let broker: FreshBroker;
let bucket: FreshBucket;
let environment: Record<string, string>;

beforeAll(async () => {
  [database, broker, bucket] = await Promise.all([freshDatabase(), freshBroker(), freshBucket()]);
  environment = {
    ...bucket.environment,
    PG_DATABASE_URL: database.url,
    RABBITMQ_URL: broker.url,
  };
});

afterAll(async () => {
  await Promise.all([database.remove(), broker.remove(), bucket.remove()]);
});

async function started(changes: Readonly<Record<string, string>> = {}) {
  const controlPlane = await startedProcess({ ...environment, ...changes });
  const { address } = controlPlane;
  const api = grpcClient(ManManAPI, { address });
  onTestFinished(async () => {
    api.close();
    await controlPlane.end("SIGKILL");
  });
  return { ...controlPlane, api };
}

test("every mistake in the environment is told at once, with exit code 2", async () => {
  const { code, stdout, stderr } = await endedProcess(["--fast"], {
    PORT: "x",
    S3_BUCKET: "backups",
    MANMAN_TOKEN_FILE: "/nowhere/token",
  });
  expect({ code, stdout, lines: stderr.trim().split("\n") }).toEqual({
    code: 2,
    stdout: "",
    lines: [
      "--fast: is not an option; see --help",
      'PORT: must be a whole number from 0 to 65535, not "x"',
      expect.stringMatching(/^MANMAN_TOKEN_FILE: cannot be read: ENOENT/),
      "PG_DATABASE_URL: must be set: the database, postgres://user:password@host:port/name",
      "RABBITMQ_URL: must be set: the broker, amqp://user:password@host:port/vhost",
    ],
  });
});

test("the help names every variable", async () => {
  const { code, stdout, stderr } = await endedProcess(["--help"], {});
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toContain("  LEASE_SECONDS            how long a host may stay silent");
});

test("reflection clients get answers and errors word for word", async () => {
  const { address } = await started();
  const unknown = await bufCurl(
    address,
    "manman.v1.ManManAPI/CreateBackup",
    '{"session_id": 123, "description": "Before update"}',
  );
  expect(unknown).toEqual({
    exitCode: 40,
    answer: { code: "not_found", message: "there is no session 123" },
  });
  const listed = await bufCurl(
    address,
    "manman.v1.ManManAPI/ListBackups",
    '{"server_game_config_id": 42}',
  );
  expect(listed).toEqual({ exitCode: 0, answer: {} });
  const invalid = await bufCurl(address, "manman.v1.ManManAPI/DeleteBackup", "{}");
  expect(invalid).toMatchObject({
    exitCode: 24,
    answer: {
      code: "invalid_argument",
      message: "backup_id: must be given, and is 1 or more",
      details: [{ type: "google.rpc.BadRequest" }],
    },
  });
  const health = await bufCurl(address, "grpc.health.v1.Health/List", "{}");
  expect(health.exitCode).toBe(0);
});

test("a token from a file is asked for, of reflection clients too", async () => {
  const folder = await mkdtemp(join(tmpdir(), "manman-token-"));
  onTestFinished(async () => await rm(folder, { recursive: true }));
  await writeFile(join(folder, "token"), "s3cret-s3cret\n");
  const { address } = await started({ MANMAN_TOKEN_FILE: join(folder, "token") });
  const method = "manman.v1.ManManAPI/ListServers";
  const header = "authorization: Bearer s3cret-s3cret";
  expect(await bufCurl(address, method, "{}", [header])).toEqual({ exitCode: 0, answer: {} });
});

test("a database that is not there yet is waited for", async () => {
  const proxy = await TcpProxy.to(database.url);
  onTestFinished(async () => await proxy.close());
  await proxy.cut();
  const starting = startedProcess({
    ...environment,
    PG_DATABASE_URL: proxy.through(database.url),
  });
  await proxy.heal();
  const controlPlane = await starting;
  expect(await controlPlane.end("SIGTERM")).toBe(0);
});

test("the wait for a database that stays away ends with a signal", async () => {
  const proxy = await TcpProxy.to(database.url);
  onTestFinished(async () => await proxy.close());
  await proxy.cut();
  const { lines, end } = startingProcess({
    ...environment,
    PG_DATABASE_URL: proxy.through(database.url),
  });
  onTestFinished(async () => void (await end("SIGKILL")));
  const putOff = "the database cannot be migrated as yet";
  await until(() => lines.some(({ msg }) => msg === putOff), { what: "it waits" });
  expect(await end("SIGTERM")).toBe(0);
  expect(lines.at(-1)).toMatchObject({ msg: "stopping", signal: "SIGTERM" });
});

test("on SIGTERM it ends in order, with its streams told why", async () => {
  const { api, address, end, lines } = await started();
  await api.listServers({});
  const health = grpcClient(Health, { address });
  onTestFinished(() => health.close());
  const watched: number[] = [];
  const watch = (async () => {
    for await (const { status } of health.watch({ service: "" })) watched.push(status);
  })();
  await until(() => watched.length > 0, { what: "the health stream has begun" });
  const begunAtMs = performance.now();
  const ended = end("SIGTERM");
  await expect(watch).rejects.toMatchObject({ code: 14, details: "the server is stopping" });
  expect(await ended).toBe(0);
  expect(performance.now() - begunAtMs).toBeLessThan(10_000);
  expect(watched.at(-1)).toBe(2);
  expect(lines.at(-1)).toMatchObject({ msg: "stopped", in_time: true });
});

test("with a database that swallows every word it ends within its bound all the same, and at once on a second signal", async () => {
  const proxy = await TcpProxy.to(database.url);
  onTestFinished(async () => await proxy.close());
  for (const signals of [1, 2]) {
    const { api, end, lines } = await started({ PG_DATABASE_URL: proxy.through(database.url) });
    await until(() => lines.some(({ msg }) => msg === "ready"), { what: "it is ready" });
    proxy.stall();
    const call = api.listServers({}).catch((error: unknown) => error);
    await until(() => lines.some(({ msg }) => msg === "the database does not answer"), {
      what: "the outage is noticed",
    });
    const begunAtMs = performance.now();
    const ended = end("SIGTERM");
    if (signals === 2) {
      await until(() => lines.some(({ msg }) => msg === "stopping"), { what: "it is stopping" });
      void end("SIGTERM");
    }
    expect(await ended).toBe(signals === 1 ? 0 : 1);
    expect(performance.now() - begunAtMs).toBeLessThan(signals === 1 ? 12_000 : 3_000);
    expect(await call).toMatchObject({ code: 14 });
    await proxy.heal();
  }
});

test("a port that is taken ends the start with exit code 1", async () => {
  const { address } = await started();
  const port = address.split(":")[1] ?? "";
  const { code, stdout } = await endedProcess([], { ...environment, PORT: port });
  expect(code).toBe(1);
  expect(stdout).toContain("EADDRINUSE");
});

test("the migrations run by themselves, once, and say what they did", async () => {
  const empty = await freshDatabase();
  onTestFinished(empty.remove);
  const path = new URL("../../packages/control-plane/src/migrate-main.ts", import.meta.url)
    .pathname;
  const first = await endedProcess([], { PG_DATABASE_URL: empty.url }, path);
  expect({ code: first.code, stderr: first.stderr }).toEqual({ code: 0, stderr: "" });
  expect(first.stdout).toMatch(/^0001-/);
  const second = await endedProcess([], { PG_DATABASE_URL: empty.url }, path);
  expect(second).toEqual({ code: 0, stdout: "up to date\n", stderr: "" });
  const none = await endedProcess([], {}, path);
  expect(none.code).toBe(2);
  expect(none.stderr).toMatch(/^PG_DATABASE_URL: must be set/);
});
