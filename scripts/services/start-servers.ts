// Starts those of the three servers that the environment does not name, together, and ends them all again when one fails.
import { join } from "node:path";
import { identityOf } from "@manman/adapters/linux-process/process-identity.ts";
import { startEmbeddedPostgres } from "@manman/adapters/postgres/embedded-postgres.ts";
import { wordsOf } from "@manman/core/fault.ts";
import { cephGatewayAccess, placeForCephGateway, startCephGateway } from "./ceph-gateway.ts";
import { freePort } from "./free-ports.ts";
import { placeForRabbitMq, rabbitMqManagementUrl, rabbitMqUrl, startRabbitMq } from "./rabbitmq.ts";
import type { ServerEnvironment, ServerName } from "./server-environment.ts";
import {
  addProcess,
  beginRecord,
  endRecord,
  postgresDataDir,
  writeRecord,
  type ServerRecord,
} from "./server-record.ts";

const STARTS: Record<ServerName, (record: ServerRecord) => Promise<ServerEnvironment>> = {
  postgres,
  rabbitmq,
  s3,
};

/** Starts these servers. Throws, with nothing left running, when one cannot be had. */
export async function startServers(
  servers: readonly ServerName[],
  stays: boolean,
): Promise<ServerRecord> {
  const record = await beginRecord(stays);
  const outcomes = await Promise.allSettled(
    servers.map(async (server) => {
      const began = performance.now();
      const environment = await STARTS[server](record);
      const seconds = ((performance.now() - began) / 1000).toFixed(1);
      process.stderr.write(`${server} is up (${seconds} s)\n`);
      record.environment = { ...record.environment, ...environment };
    }),
  );
  const failures = outcomes.flatMap((outcome, position) =>
    outcome.status === "rejected" ? [`${servers[position]}: ${wordsOf(outcome.reason)}`] : [],
  );
  if (failures.length > 0) {
    await endRecord(record);
    throw new Error(failures.join("\n"));
  }
  record.ready = true;
  writeRecord(record);
  return record;
}

async function postgres(record: ServerRecord): Promise<ServerEnvironment> {
  const dataDir = postgresDataDir(record);
  const server = await startEmbeddedPostgres({
    dataDir,
    port: await freePort(),
    durability: "none",
    settings: { max_connections: "200" },
  });
  const identity = await identityOf(server.pid);
  if (identity === undefined) throw new Error("it ended right after its start");
  addProcess(record, { ...identity, name: "postgres", logPath: `${dataDir}.log` });
  return { PG_DATABASE_URL: server.url };
}

async function rabbitmq(record: ServerRecord): Promise<ServerEnvironment> {
  const place = await placeForRabbitMq(join(record.dir, "rabbitmq"), true);
  await startRabbitMq(place, (process) => addProcess(record, process));
  return {
    RABBITMQ_URL: rabbitMqUrl(place),
    RABBITMQ_MANAGEMENT_URL: rabbitMqManagementUrl(place),
  };
}

async function s3(record: ServerRecord): Promise<ServerEnvironment> {
  const place = await placeForCephGateway(join(record.dir, "s3"));
  await startCephGateway(place, (process) => addProcess(record, process));
  const { endpoint, accessKey, secretKey, region } = cephGatewayAccess(place);
  return {
    S3_ENDPOINT: endpoint,
    S3_ACCESS_KEY: accessKey,
    S3_SECRET_KEY: secretKey,
    S3_REGION: region,
    S3_FORCE_PATH_STYLE: "true",
  };
}
