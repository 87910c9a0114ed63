// All that runs in a soak: a database, a broker and a bucket of its own, two control planes, host managers in several processes, and a link
// that can be taken away between each two of them.
import { mkdir, mkdtemp, realpath } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import { grpcClient, type GrpcClient } from "@manman/contract/grpc-client.ts";
import { freePorts } from "../../scripts/services/free-ports.ts";
import { freshBucket, type FreshBucket } from "../harness/fresh-bucket.ts";
import { privatePostgres } from "../harness/private-postgres.ts";
import { privateRabbitMq } from "../harness/private-rabbitmq.ts";
import type { PrivateServer } from "../harness/private-server.ts";
import { killProcessesIn } from "../harness/strays.ts";
import { TcpProxy } from "../harness/tcp-proxy.ts";
import { removeTree } from "../worlds/remove-tree.ts";
import { encodeHostProcessJob, jobVariable } from "./host-processes.ts";
import { PartProcess } from "./part-process.ts";

export type DeploymentSize = {
  /** Processes that run simulated host managers. */
  readonly hostProcesses: number;
  readonly hostsPerProcess: number;
  /** Opens node's inspector in the control planes and in the host manager that is a process of its own. */
  readonly isMeasured: boolean;
};

/** A connection between two parts. */
export type Link = { readonly name: string; readonly proxy: TcpProxy };

export type Host = { readonly serverName: string; readonly dataDir: string };

export type Deployment = {
  readonly database: PrivateServer;
  readonly broker: PrivateServer;
  readonly bucket: FreshBucket;
  readonly controlPlanes: readonly PartProcess[];
  /** The first one is the host manager's own program, with packers of its own; the others run several hosts each. */
  readonly hostProcesses: readonly PartProcess[];
  readonly hosts: readonly Host[];
  readonly links: readonly Link[];
  /** What callers have: a client for each control plane, by way of a link. */
  readonly callers: readonly GrpcClient<typeof ManManAPI>[];
  /** A client of the first control plane by way of none. */
  readonly direct: GrpcClient<typeof ManManAPI>;
  /** Where the programs' logs lie. */
  readonly logDir: string;
  /** Ends and removes everything; the logs stay where `keepsLogs`. */
  readonly close: (keepsLogs: boolean) => Promise<void>;
};

export const environmentName = "soak";
export const leaseSeconds = 8;

const controlPlaneVariables = {
  HEARTBEAT_SECONDS: "2",
  LEASE_SECONDS: String(leaseSeconds),
  REDISPATCH_SECONDS: "5",
};
const callerDeadlineMs = 6_000;
const packDelayMsMost = 4_000;

/** Returns once everything is ready. */
export async function openDeployment(size: DeploymentSize): Promise<Deployment> {
  await using ends = new AsyncDisposableStack();
  const scratch = await realpath(await mkdtemp(join(tmpdir(), "soak-")));
  const logDir = join(scratch, "logs");
  let keepsLogs = false;
  ends.defer(async () => {
    await killProcessesIn(scratch);
    if (!keepsLogs) removeTree(scratch);
  });
  await mkdir(logDir);
  const [database, broker, bucket] = await Promise.all([
    privatePostgres("full").then((server) => ends.adopt(server, async () => await server.remove())),
    privateRabbitMq().then((server) => ends.adopt(server, async () => await server.remove())),
    freshBucket().then((made) => ends.adopt(made, async () => await made.remove())),
  ]);
  const endpoint = bucket.environment["S3_ENDPOINT"] ?? "";
  const links: Link[] = [];
  const link = async (name: string, address: string): Promise<TcpProxy> => {
    const proxy = ends.adopt(await TcpProxy.to(address), async (one) => await one.close());
    links.push({ name, proxy });
    return proxy;
  };
  const run = (part: ConstructorParameters<typeof PartProcess>[0]): PartProcess =>
    ends.adopt(new PartProcess(part), async (process) => await process.close());

  const controlPlanes: PartProcess[] = [];
  const hostProcesses: PartProcess[] = [];
  // Whatever ends this program, none of them outlives it.
  const killAll = (): void => {
    for (const { pid } of [...controlPlanes, ...hostProcesses]) if (pid > 0) process.kill(pid, 9);
  };
  process.once("exit", killAll);
  ends.defer(() => void process.off("exit", killAll));
  const ports = await freePorts(2);
  const callers: GrpcClient<typeof ManManAPI>[] = [];
  for (const [at, port] of ports.entries()) {
    const name = `control-plane-${at + 1}`;
    const toDatabase = await link(`${name} to database`, database.url);
    const toBroker = await link(`${name} to broker`, broker.url);
    const toStore = await link(`${name} to store`, endpoint);
    const variables = {
      ...bucket.environment,
      ...controlPlaneVariables,
      PORT: String(port),
      PG_DATABASE_URL: toDatabase.through(database.url),
      RABBITMQ_URL: toBroker.through(broker.url),
      S3_ENDPOINT: toStore.through(endpoint),
    };
    const main = "packages/control-plane/src/main.ts";
    const { isMeasured } = size;
    controlPlanes.push(run({ name, main, environment: variables, isMeasured, logDir }));
    const toCallers = await link(`callers to ${name}`, `tcp://127.0.0.1:${port}`);
    const address = `127.0.0.1:${toCallers.port}`;
    callers.push(grpcClient(ManManAPI, { address, deadlineMs: callerDeadlineMs }));
  }

  const hosts: Host[] = [];
  for (let at = 0; at <= size.hostProcesses; at += 1) {
    const name = at === 0 ? "host-manager" : `hosts-${at}`;
    const count = at === 0 ? 1 : size.hostsPerProcess;
    const own = Array.from({ length: count }, (_, of) => {
      const serverName = at === 0 ? name : `${name}-${of + 1}`;
      return { serverName, dataDir: join(scratch, serverName) };
    });
    for (const { dataDir } of own) await mkdir(dataDir);
    hosts.push(...own);
    const toApi = await link(`${name} to control plane`, `tcp://127.0.0.1:${ports[at % 2]}`);
    const toBroker = await link(`${name} to broker`, broker.url);
    const toStore = await link(`${name} to store`, endpoint);
    const apiAddress = `127.0.0.1:${toApi.port}`;
    const brokerUrl = toBroker.through(broker.url);
    const store = { ...bucket.environment, S3_ENDPOINT: toStore.through(endpoint) };
    const program =
      at === 0
        ? {
            main: "packages/host-manager/src/main.ts",
            environment: {
              ...store,
              API_ADDRESS: apiAddress,
              RABBITMQ_URL: brokerUrl,
              SERVER_NAME: name,
              ENVIRONMENT: environmentName,
              HOST_DATA_DIR: own[0]?.dataDir ?? "",
            },
          }
        : {
            main: "test/soak/hosts-main.ts",
            environment: {
              ...store,
              [jobVariable]: encodeHostProcessJob({
                environment: environmentName,
                apiAddress,
                brokerUrl,
                hosts: own,
                packDelayMsMost,
              }),
            },
          };
    const isMeasured = at === 0 && size.isMeasured;
    hostProcesses.push(run({ name, ...program, isMeasured, logDir }));
  }

  const direct = grpcClient(ManManAPI, { address: `127.0.0.1:${ports[0]}` });
  ends.defer(() => {
    for (const client of [...callers, direct]) client.close();
  });
  await Promise.all(controlPlanes.map(async (process) => await process.start()));
  await Promise.all(hostProcesses.map(async (process) => await process.start()));
  const all = ends.move();
  return {
    database,
    broker,
    bucket,
    controlPlanes,
    hostProcesses,
    hosts,
    links,
    callers,
    direct,
    logDir,
    close: async (keep) => {
      keepsLogs = keep;
      await all.disposeAsync();
    },
  };
}
