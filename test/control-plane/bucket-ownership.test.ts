// Whose bucket it is, with the program, a real database and a real bucket: the first start, a second installation, a database that was
// restored from an older state, and the operator who adopts the bucket.
import { openRecords } from "@manman/adapters/postgres/records.ts";
import { migrate } from "@manman/adapters/postgres/migrate.ts";
import { openS3Store } from "@manman/adapters/s3/s3-store.ts";
import { status } from "@grpc/grpc-js";
import {
  Health,
  HealthCheckResponse_ServingStatus,
} from "@manman/contract/generated/health/v1/health_pb.ts";
import { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import { grpcClient, type GrpcClient } from "@manman/contract/grpc-client.ts";
import type { Installation, UploadControl } from "@manman/core/ports.ts";
import { expect, onTestFinished, test } from "vitest";
import { freshBroker } from "../harness/fresh-broker.ts";
import { freshBucket, type FreshBucket } from "../harness/fresh-bucket.ts";
import { freshDatabase } from "../harness/fresh-database.ts";
import { TcpProxy } from "../harness/tcp-proxy.ts";
import { until } from "../harness/until.ts";
import { endedProcess, startedProcess } from "./control-plane-process.ts";
import { refused } from "./refused-call.ts";

const markerKey = "manman/installation.json";
const highWaterKey = "manman/high-water.json";

type Place = {
  readonly environment: Readonly<Record<string, string>>;
  readonly installation: () => Promise<Installation>;
  readonly raiseBackupIds: (backupId: bigint) => Promise<void>;
};

/** A database and a broker of their own, on the bucket. */
async function place(bucket: FreshBucket): Promise<Place> {
  const [database, broker] = await Promise.all([freshDatabase(), freshBroker()]);
  await migrate(database.url);
  const records = openRecords({ url: database.url });
  onTestFinished(async () => {
    await records.close();
    await Promise.all([database.remove(), broker.remove()]);
  });
  return {
    environment: {
      ...bucket.environment,
      PG_DATABASE_URL: database.url,
      RABBITMQ_URL: broker.url,
    },
    installation: async () => await records.installation.get(),
    raiseBackupIds: async (backupId) => await records.installation.raiseBackupIds(backupId),
  };
}

async function emptyBucket(): Promise<FreshBucket> {
  const bucket = await freshBucket();
  onTestFinished(bucket.remove);
  return bucket;
}

function storeIn({ environment, name }: FreshBucket): UploadControl {
  const store = openS3Store(
    {
      bucket: name,
      region: environment["S3_REGION"] ?? "",
      endpoint: environment["S3_ENDPOINT"] ?? "",
      credentials: {
        accessKey: environment["S3_ACCESS_KEY"] ?? "",
        secretKey: environment["S3_SECRET_KEY"] ?? "",
      },
      forcePathStyle: true,
    },
    Math.random,
  );
  onTestFinished(() => store.close());
  return store;
}

async function jsonAt(store: UploadControl, key: string): Promise<unknown> {
  const bytes = await store.readSmallObject(key);
  return bytes === null ? null : JSON.parse(new TextDecoder().decode(bytes));
}

async function started(environment: Readonly<Record<string, string>>) {
  const controlPlane = await startedProcess(environment);
  const api = grpcClient(ManManAPI, { address: controlPlane.address });
  onTestFinished(async () => {
    api.close();
    await controlPlane.end("SIGKILL");
  });
  return { ...controlPlane, api };
}

/** The id of a game on a host. */
async function deployed(api: GrpcClient<typeof ManManAPI>): Promise<bigint> {
  const { serverId } = await api.registerServer({ name: "eu-1" });
  const created = await api.createGameConfig({ name: "demo", entrypoint: ["/bin/true"] });
  const gameConfigId = created.config?.configId ?? 0n;
  const { config } = await api.deployGameConfig({ serverId, gameConfigId });
  return config?.serverGameConfigId ?? 0n;
}

test("a first start marks the bucket, and another installation on it ends with exit code 3 until it adopts it", async () => {
  const bucket = await emptyBucket();
  const store = storeIn(bucket);
  const [first, second] = [await place(bucket), await place(bucket)];
  const [ours, theirs] = [await first.installation(), await second.installation()];
  await first.raiseBackupIds(40n);
  const running = await started(first.environment);
  const backup = await running.api.createBackup({
    serverGameConfigId: await deployed(running.api),
  });
  expect(backup.backup?.backupId).toBe(41n);
  expect(await jsonAt(store, markerKey)).toEqual({
    installation_id: ours.installationId,
    created_at: Math.floor(ours.createdAtMs / 1_000),
  });
  await running.end("SIGTERM");
  await (await started(first.environment)).end("SIGTERM");
  expect(await jsonAt(store, highWaterKey)).toEqual({ highest_backup_id: 41 });

  const stopped = await endedProcess([], { ...second.environment, PORT: "0" });
  expect(stopped.code).toBe(3);
  expect(stopped.stdout).toContain(
    `the bucket belongs to installation ${ours.installationId}, and this database is of installation ${theirs.installationId}`,
  );
  expect(stopped.stdout).toContain(`start it with ADOPT_BUCKET=${ours.installationId}`);
  expect(await jsonAt(store, markerKey)).toMatchObject({ installation_id: ours.installationId });

  const adopting = { ...second.environment, ADOPT_BUCKET: ours.installationId };
  await (await started(adopting)).end("SIGTERM");
  expect(await jsonAt(store, markerKey)).toMatchObject({ installation_id: theirs.installationId });
  expect((await second.installation()).highestBackupId).toBe(41n);
  await (await started(second.environment)).end("SIGTERM");
  expect((await endedProcess([], { ...first.environment, PORT: "0" })).code).toBe(3);
});

test("a database that was restored from an older state ends with exit code 3, and goes on after the bucket's backups once told", async () => {
  const bucket = await emptyBucket();
  const store = storeIn(bucket);
  const { environment, installation } = await place(bucket);
  const { installationId } = await installation();
  await (await started(environment)).end("SIGTERM");
  expect(await jsonAt(store, highWaterKey)).toBeNull();
  await store.replaceSmallObject(
    highWaterKey,
    new TextEncoder().encode('{"highest_backup_id":52}'),
  );

  const stopped = await endedProcess([], { ...environment, PORT: "0" });
  expect(stopped.code).toBe(3);
  expect(stopped.stdout).toContain("the bucket is ahead of this database: backups up to 52 were");
  expect((await installation()).highestBackupId).toBe(0n);

  await (await started({ ...environment, ADOPT_BUCKET: installationId })).end("SIGTERM");
  expect((await installation()).highestBackupId).toBe(52n);
  await (await started(environment)).end("SIGTERM");
});

test("while the store does not answer at the start everything but backups is served, and these once it has", async () => {
  const bucket = await emptyBucket();
  const endpoint = bucket.environment["S3_ENDPOINT"] ?? "";
  const s3 = await TcpProxy.to(endpoint);
  onTestFinished(async () => await s3.close());
  await s3.cut();
  const { environment } = await place(bucket);
  const { api, lines, address } = await started({
    ...environment,
    S3_ENDPOINT: s3.through(endpoint),
  });
  const asked = { serverGameConfigId: await deployed(api) };
  expect(await refused(api.createBackup(asked))).toMatchObject({ code: status.UNAVAILABLE });
  expect((await api.listBackups({})).backups).toEqual([]);
  const health = grpcClient(Health, { address });
  onTestFinished(() => health.close());
  const { SERVING, NOT_SERVING } = HealthCheckResponse_ServingStatus;
  await expect.poll(async () => (await health.check({})).status).toBe(SERVING);
  expect(await health.check({ service: "manman.v1.backups" })).toMatchObject({
    status: NOT_SERVING,
  });
  const unknown = "backups cannot be made: it is not known as yet whose bucket it is";
  expect(lines.filter((line) => line["msg"] === unknown)).toHaveLength(1);
  await s3.heal();
  const made = await until(async () => await api.createBackup(asked).catch(() => undefined), {
    what: "backups are taken on",
    deadlineMs: 30_000,
  });
  expect(made.backup?.status).toBe("pending");
  await expect
    .poll(async () => (await health.check({ service: "manman.v1.backups" })).status)
    .toBe(SERVING);
  expect(
    lines.filter((line) => line["msg"] === "the bucket is ours: backups can be made"),
  ).toHaveLength(1);
});

test("a marker that nobody of ours has written is left alone, and nothing is written to the bucket", async () => {
  const bucket = await emptyBucket();
  const store = storeIn(bucket);
  await store.replaceSmallObject(markerKey, new TextEncoder().encode("hello"));
  const { environment } = await place(bucket);
  const { api, lines } = await started(environment);
  await until(() => lines.find((line) => String(line["msg"]).startsWith("the look at whose")), {
    what: "the log says so",
  });
  expect(await refused(api.createBackup({ serverGameConfigId: 1n }))).toMatchObject({
    code: status.UNAVAILABLE,
  });
  expect(await store.readSmallObject(markerKey)).toEqual(new TextEncoder().encode("hello"));
});
