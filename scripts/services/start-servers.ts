// Starts those of the three servers that the environment does not name, together, and ends them all again when one fails.
import { chmod, mkdir, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  identityOf,
  type ProcessIdentity,
} from "@manman/adapters/linux-process/process-identity.ts";
import { startEmbeddedPostgres } from "@manman/adapters/postgres/embedded-postgres.ts";
import { wordsOf } from "@manman/core/fault.ts";
import { cephGatewayAccess, placeForCephGateway, startCephGateway } from "./ceph-gateway.ts";
import type { DetachedProcess } from "./detached-process.ts";
import { freePort } from "./free-ports.ts";
import { placeForRabbitMq, rabbitMqAddresses, startRabbitMq } from "./rabbitmq.ts";
import type { ServerEnvironment, ServerName } from "./server-environment.ts";
import { endRecord, writeRecord, type ServerRecord } from "./server-record.ts";

type Start = (
  dir: string,
  started: (process: DetachedProcess) => void,
) => Promise<ServerEnvironment>;

const STARTS: Record<ServerName, Start> = { postgres, rabbitmq, s3 };

/** Starts these servers and keeps the record at `path` in step. Throws, with nothing left running, when one cannot be had. */
export async function startServers(
  path: string,
  servers: readonly ServerName[],
  stays: boolean,
): Promise<ServerRecord> {
  const dir = await mkdtemp(join(tmpdir(), "manman-services-"));
  // Where root has to run PostgreSQL as another user, that user must be able to pass through.
  await chmod(dir, 0o711);
  const record: ServerRecord = {
    startedBy: (await identityOf(process.pid)) as ProcessIdentity,
    stays,
    ready: false,
    dir,
    postgresDataDir: postgresDataDir(join(dir, "postgres")),
    processes: [],
    environment: {},
  };
  writeRecord(path, record);
  const outcomes = await Promise.allSettled(
    servers.map(async (server) => {
      await mkdir(join(dir, server));
      const began = performance.now();
      const environment = await STARTS[server](join(dir, server), (process) => {
        record.processes.push(process);
        writeRecord(path, record);
      });
      const seconds = ((performance.now() - began) / 1000).toFixed(1);
      process.stderr.write(`${server} is up (${seconds} s)\n`);
      record.environment = { ...record.environment, ...environment };
    }),
  );
  const failures = outcomes.flatMap((outcome, position) =>
    outcome.status === "rejected" ? [`${servers[position]}: ${wordsOf(outcome.reason)}`] : [],
  );
  if (failures.length > 0) {
    await endRecord(path, record);
    throw new Error(failures.join("\n"));
  }
  record.ready = true;
  writeRecord(path, record);
  return record;
}

function postgresDataDir(dir: string): string {
  return join(dir, "data");
}

async function postgres(
  dir: string,
  started: (process: DetachedProcess) => void,
): Promise<ServerEnvironment> {
  const server = await startEmbeddedPostgres({
    dataDir: postgresDataDir(dir),
    port: await freePort(),
    durability: "none",
    settings: { max_connections: "200" },
  });
  const identity = await identityOf(server.pid);
  if (identity === undefined) throw new Error("it ended right after its start");
  started({ ...identity, name: "postgres", logPath: `${postgresDataDir(dir)}.log` });
  return { PG_DATABASE_URL: server.url };
}

async function rabbitmq(
  dir: string,
  started: (process: DetachedProcess) => void,
): Promise<ServerEnvironment> {
  const place = await placeForRabbitMq(dir);
  await startRabbitMq(place, started);
  const { url, managementUrl } = rabbitMqAddresses(place);
  return { RABBITMQ_URL: url, RABBITMQ_MANAGEMENT_URL: managementUrl };
}

async function s3(
  dir: string,
  started: (process: DetachedProcess) => void,
): Promise<ServerEnvironment> {
  const place = await placeForCephGateway(dir);
  await startCephGateway(place, started);
  const { endpoint, accessKey, secretKey, region } = cephGatewayAccess(place);
  return {
    S3_ENDPOINT: endpoint,
    S3_ACCESS_KEY: accessKey,
    S3_SECRET_KEY: secretKey,
    S3_REGION: region,
    S3_FORCE_PATH_STYLE: "true",
  };
}
