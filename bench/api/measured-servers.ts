// The servers that a run measures on: a PostgreSQL of its own that waits for the disk as in production, and the RabbitMQ and S3 gateway of
// `npm run services`. Whatever is started is written down first, so that the next run ends what a killed one left behind.
import { ensureServers } from "../../scripts/services/ensure-servers.ts";
import { freePort } from "../../scripts/services/free-ports.ts";
import {
  addProcess,
  beginRecord,
  endRecord,
  postgresDataDir,
  type ServerRecord,
} from "../../scripts/services/server-record.ts";
import { identityOf } from "@manman/adapters/linux-process/process-identity.ts";
import {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from "@manman/adapters/postgres/embedded-postgres.ts";
import { Client } from "pg";

export type MeasuredServers = {
  /** Of PostgreSQL's first process, the parent of the others. */
  readonly postgresPid: number;
  /** Where processes that are started for the run are written down. */
  readonly record: ServerRecord;
  /** Makes a database and returns its connection string. */
  readonly createDatabase: (name: string) => Promise<string>;
};

/**
 * Names RabbitMQ and the S3 gateway in the environment of this process, as the tests' setup does. What was started ends with
 * `ends`, and its data with it.
 */
export async function startMeasuredServers(ends: AsyncDisposableStack): Promise<MeasuredServers> {
  const record = await beginRecord(false);
  ends.defer(async () => await endRecord(record));
  const { url, pid: postgresPid } = await startPostgres(record);
  const others = await ensureServers({ ...process.env, PG_DATABASE_URL: url }, false);
  ends.defer(others.end);
  Object.assign(process.env, others.environment);
  return { postgresPid, record, createDatabase: async (name) => await createDatabase(url, name) };
}

async function startPostgres(record: ServerRecord): Promise<EmbeddedPostgres> {
  const dataDir = postgresDataDir(record);
  const server = await startEmbeddedPostgres({ dataDir, port: await freePort() });
  const identity = await identityOf(server.pid);
  if (identity === undefined) throw new Error("PostgreSQL ended right after its start");
  addProcess(record, { ...identity, name: "postgres", logPath: `${dataDir}.log` });
  return server;
}

async function createDatabase(serverUrl: string, name: string): Promise<string> {
  const client = new Client({ connectionString: serverUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ setting: string }>(
      "select current_setting('fsync') as setting",
    );
    if (rows[0]?.setting !== "on") throw new Error("this PostgreSQL does not wait for the disk");
    await client.query(`create database ${name}`);
  } finally {
    await client.end();
  }
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}
