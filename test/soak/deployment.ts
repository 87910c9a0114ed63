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
import { PartProcess, type PartProgram } from "./part-process.ts";

export type DeploymentSize = {
  /** Processes that run simulated host managers. */
  readonly hostProcesses: number;
  readonly hostsPerProcess: number;
  /** Opens node's inspector in the control planes and in the host manager that is a process of its own. */
  readonly isMeasured: boolean;
};

/** A connection between two parts. */
type Link = { readonly name: string; readonly proxy: TcpProxy };

type Host = { readonly serverName: string; readonly dataDir: string };

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
  const servers = await openServers(ends);
  const parts = { links: [], controlPlanes: [], hostProcesses: [], hosts: [], callers: [] };
  const ground: Ground = { ...servers, ...parts, scratch, logDir, size, ends };
  killWithThisProgram(ground);

  const ports = await freePorts(2);
  for (const port of ports) await addControlPlane(ground, port);
  for (let at = 0; at <= size.hostProcesses; at += 1) {
    await addHostProcess(ground, at, ports[at % 2] as number);
  }
  const { controlPlanes, hostProcesses, callers } = ground;
  const direct = grpcClient(ManManAPI, { address: `127.0.0.1:${ports[0]}` });
  ends.defer(() => {
    for (const client of [...callers, direct]) client.close();
  });
  await Promise.all(controlPlanes.map(async (process) => await process.start()));
  await Promise.all(hostProcesses.map(async (process) => await process.start()));
  const all = ends.move();
  return {
    ...ground,
    direct,
    close: async (keep) => {
      keepsLogs = keep;
      await all.disposeAsync();
    },
  };
}

type Servers = Pick<Deployment, "database" | "broker" | "bucket">;

/** What a deployment is made of while it is being put together. */
type Ground = Servers & {
  readonly size: DeploymentSize;
  readonly scratch: string;
  readonly logDir: string;
  readonly ends: AsyncDisposableStack;
  readonly links: Link[];
  readonly controlPlanes: PartProcess[];
  readonly hostProcesses: PartProcess[];
  readonly hosts: Host[];
  readonly callers: GrpcClient<typeof ManManAPI>[];
};

async function openServers(ends: AsyncDisposableStack): Promise<Servers> {
  const removed = async <S extends { readonly remove: () => Promise<void> }>(
    opening: Promise<S>,
  ): Promise<S> => {
    const server = await opening;
    ends.defer(async () => await server.remove());
    return server;
  };
  const opening = [
    removed(privatePostgres()),
    removed(privateRabbitMq()),
    removed(freshBucket()),
  ] as const;
  // Where one cannot be had, the others are there to be removed.
  await Promise.allSettled(opening);
  const [database, broker, bucket] = await Promise.all(opening);
  return { database, broker, bucket };
}

/** Whatever ends this program, none of its processes outlives it. */
function killWithThisProgram({ ends, controlPlanes, hostProcesses }: Ground): void {
  const killAll = (): void => {
    for (const { pid } of [...controlPlanes, ...hostProcesses]) if (pid > 0) process.kill(pid, 9);
  };
  process.once("exit", killAll);
  ends.defer(() => void process.off("exit", killAll));
}

/** Another way to the server at that address, which can be taken away. */
async function linked({ links, ends }: Ground, name: string, address: string): Promise<TcpProxy> {
  const proxy = ends.adopt(await TcpProxy.to(address), async (one) => await one.close());
  links.push({ name, proxy });
  return proxy;
}

/** The variables that lead a program to broker and store over links of its own. */
async function linkedServers(
  ground: Ground,
  name: string,
): Promise<Readonly<Record<string, string>>> {
  const { broker, bucket } = ground;
  const endpoint = bucket.environment["S3_ENDPOINT"] ?? "";
  const toBroker = await linked(ground, `${name} to broker`, broker.url);
  const toStore = await linked(ground, `${name} to store`, endpoint);
  return {
    ...bucket.environment,
    RABBITMQ_URL: toBroker.through(broker.url),
    S3_ENDPOINT: toStore.through(endpoint),
  };
}

async function addControlPlane(ground: Ground, port: number): Promise<void> {
  const { database, controlPlanes, callers, size, logDir, ends } = ground;
  const name = `control-plane-${controlPlanes.length + 1}`;
  const toDatabase = await linked(ground, `${name} to database`, database.url);
  const part = new PartProcess({
    name,
    main: "packages/control-plane/src/main.ts",
    environment: {
      ...(await linkedServers(ground, name)),
      ...controlPlaneVariables,
      PORT: String(port),
      PG_DATABASE_URL: toDatabase.through(database.url),
    },
    isMeasured: size.isMeasured,
    logDir,
  });
  controlPlanes.push(ends.adopt(part, async (one) => await one.close()));
  const toCallers = await linked(ground, `callers to ${name}`, `tcp://127.0.0.1:${port}`);
  const address = `127.0.0.1:${toCallers.port}`;
  callers.push(grpcClient(ManManAPI, { address, deadlineMs: callerDeadlineMs }));
}

/** The first one is the host manager's own program; each other runs several hosts. */
async function addHostProcess(ground: Ground, at: number, apiPort: number): Promise<void> {
  const { hostProcesses, hosts, scratch, size, logDir, ends } = ground;
  const name = at === 0 ? "host-manager" : `hosts-${at}`;
  const serverNames =
    at === 0
      ? [name]
      : Array.from({ length: size.hostsPerProcess }, (_, of) => `${name}-${of + 1}`);
  const own = serverNames.map((serverName) => ({ serverName, dataDir: join(scratch, serverName) }));
  for (const { dataDir } of own) await mkdir(dataDir);
  hosts.push(...own);
  const toApi = await linked(ground, `${name} to control plane`, `tcp://127.0.0.1:${apiPort}`);
  const apiAddress = `127.0.0.1:${toApi.port}`;
  const servers = await linkedServers(ground, name);
  const part = new PartProcess({
    name,
    ...(at === 0
      ? hostManager(apiAddress, servers, own[0] as Host)
      : hostsOf(apiAddress, servers, own)),
    isMeasured: at === 0 && size.isMeasured,
    logDir,
  });
  hostProcesses.push(ends.adopt(part, async (one) => await one.close()));
}

type HostProgram = Pick<PartProgram, "main" | "environment">;

function hostManager(
  apiAddress: string,
  servers: Readonly<Record<string, string>>,
  { serverName, dataDir }: Host,
): HostProgram {
  return {
    main: "packages/host-manager/src/main.ts",
    environment: {
      ...servers,
      API_ADDRESS: apiAddress,
      SERVER_NAME: serverName,
      ENVIRONMENT: environmentName,
      HOST_DATA_DIR: dataDir,
    },
  };
}

function hostsOf(
  apiAddress: string,
  servers: Readonly<Record<string, string>>,
  hosts: readonly Host[],
): HostProgram {
  const brokerUrl = servers["RABBITMQ_URL"] ?? "";
  const job = { environment: environmentName, apiAddress, brokerUrl, hosts, packDelayMsMost };
  return {
    main: "test/soak/hosts-main.ts",
    environment: { ...servers, [jobVariable]: encodeHostProcessJob(job) },
  };
}
