// A fleet for a test: control planes and host managers as the processes that operators run, on a database, a broker and a bucket of
// its own. Whatever it starts, games and their supervisors included, is gone when it is closed.
import { mkdir, mkdtemp, realpath } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import { grpcClient, type GrpcClient } from "@manman/contract/grpc-client.ts";
import { Client } from "pg";
import { onTestFailed, onTestFinished } from "vitest";
import { freePort } from "../../scripts/services/free-ports.ts";
import { removeTree } from "../worlds/remove-tree.ts";
import { freshBroker } from "./fresh-broker.ts";
import { freshBucket, type FreshBucket, type GatewayVariables } from "./fresh-bucket.ts";
import { freshDatabase } from "./fresh-database.ts";
import { runProgram, type Program, type Variables } from "./program.ts";
import { killProcessesIn } from "./strays.ts";

export type FleetOptions = {
  /** For every control plane, beside the usual ones. */
  readonly controlPlane?: Variables;
  /** For every host manager, beside the usual ones. */
  readonly hostManager?: Variables;
  /** A database and a broker of the test's own making, in place of fresh ones. */
  readonly databaseUrl?: string;
  readonly brokerUrl?: string;
  /** The gateway that the bucket is made on; default: that of the run. */
  readonly gateway?: GatewayVariables;
};

/** A host of the fleet: the name of its server, and its HOST_DATA_DIR. */
export type Host = { readonly name: string; readonly dataDir: string };

export const serverName = "eu-1";
export const environmentName = "test";

/** Lines of each program's log that a failed test shows. */
const linesShown = 60;

export class Fleet {
  readonly #options: FleetOptions;
  readonly #programs: { readonly name: string; readonly program: Program }[] = [];
  readonly #ends: (() => Promise<void>)[] = [];
  /** A directory of the fleet's own. */
  readonly scratch: string;
  /** The one that is there from the beginning, `eu-1`. */
  readonly host: Host;
  /** HOST_DATA_DIR of that. */
  readonly dataDir: string;
  readonly bucket: FreshBucket;
  readonly databaseUrl: string;
  readonly brokerUrl: string;
  /** Of the control plane. */
  readonly address: string;
  readonly api: GrpcClient<typeof ManManAPI>;

  private constructor(
    options: FleetOptions,
    parts: Pick<Fleet, "scratch" | "bucket" | "databaseUrl" | "brokerUrl" | "address">,
  ) {
    this.#options = options;
    this.scratch = parts.scratch;
    this.dataDir = join(parts.scratch, "data");
    this.host = { name: serverName, dataDir: this.dataDir };
    this.bucket = parts.bucket;
    this.databaseUrl = parts.databaseUrl;
    this.brokerUrl = parts.brokerUrl;
    this.address = parts.address;
    const token = options.controlPlane?.["MANMAN_TOKEN"];
    const { address } = this;
    this.api = grpcClient(ManManAPI, token === undefined ? { address } : { address, token });
  }

  /** Nothing runs as yet. */
  static async open(options: FleetOptions = {}): Promise<Fleet> {
    const [database, broker, bucket, port, made] = await Promise.all([
      options.databaseUrl === undefined ? freshDatabase() : { url: options.databaseUrl },
      options.brokerUrl === undefined ? freshBroker() : { url: options.brokerUrl },
      freshBucket(options.gateway),
      freePort(),
      mkdtemp(join(tmpdir(), "fleet-")),
    ]);
    const fleet = new Fleet(options, {
      scratch: await realpath(made),
      bucket,
      databaseUrl: database.url,
      brokerUrl: broker.url,
      address: `127.0.0.1:${port}`,
    });
    await mkdir(fleet.dataDir);
    for (const server of [database, broker]) {
      if ("remove" in server) fleet.#ends.push(server.remove);
    }
    // A gateway that is about to go takes its buckets along.
    const isOwn = options.gateway !== undefined;
    fleet.#ends.push(isOwn ? async () => bucket.client.destroy() : bucket.remove);
    return fleet;
  }

  /** Starts a control plane, by default at the fleet's address. */
  startControlPlane(more: Variables = {}): Program {
    return this.#run("packages/control-plane/src/main.ts", {
      PG_DATABASE_URL: this.databaseUrl,
      PORT: this.address.split(":")[1] ?? "",
      HEARTBEAT_SECONDS: "1",
      // A command that is sent again would hide that the first one was lost.
      REDISPATCH_SECONDS: "3600",
      ...this.#options.controlPlane,
      ...more,
    });
  }

  /** A further host, on which nothing runs as yet. */
  async addHost(name: string): Promise<Host> {
    const dataDir = join(this.scratch, `data-${name}`);
    await mkdir(dataDir);
    return { name, dataDir };
  }

  /** Starts the host manager of a host, by default that of `eu-1`. */
  startHostManager(more: Variables = {}, host: Host = this.host): Program {
    return this.#run("packages/host-manager/src/main.ts", {
      API_ADDRESS: this.address,
      SERVER_NAME: host.name,
      ENVIRONMENT: environmentName,
      HOST_DATA_DIR: host.dataDir,
      STOP_GRACE_SECONDS: "10",
      ...this.#options.hostManager,
      ...more,
    });
  }

  /** Starts one of each; returns once both are ready. */
  async stand(
    more: { readonly controlPlane?: Variables; readonly hostManager?: Variables } = {},
  ): Promise<{ readonly controlPlane: Program; readonly hostManager: Program }> {
    const controlPlane = this.startControlPlane(more.controlPlane);
    const hostManager = this.startHostManager(more.hostManager);
    try {
      await Promise.all([controlPlane.said("ready"), hostManager.said("ready")]);
    } catch (cause) {
      throw new Error(`the fleet does not come up\n${this.log()}`, { cause });
    }
    return { controlPlane, hostManager };
  }

  /** The rows that the database answers with. */
  async query<Row>(statement: string, values: readonly unknown[] = []): Promise<Row[]> {
    const client = new Client({ connectionString: this.databaseUrl });
    // The test may take the server away at any time.
    client.on("error", () => {});
    await client.connect();
    try {
      return (await client.query(statement, [...values])).rows as Row[];
    } finally {
      await client.end();
    }
  }

  /** Has something done once the fleet's programs have ended. */
  atEnd(end: () => Promise<void>): void {
    this.#ends.push(end);
  }

  /** What the programs have said last. */
  log(): string {
    return this.#programs
      .map(({ name, program }) => {
        const lines = program.lines.slice(-linesShown).map((line) => JSON.stringify(line));
        return [`--- ${name}, process ${program.pid}`, ...lines].join("\n");
      })
      .join("\n");
  }

  /** Ends and removes everything. */
  async close(): Promise<void> {
    this.api.close();
    await Promise.all(this.#programs.map(async ({ program }) => await program.end("SIGKILL")));
    await killProcessesIn(this.scratch);
    await Promise.all(this.#ends.map(async (end) => await end()));
    removeTree(this.scratch);
  }

  #run(main: string, variables: Variables): Program {
    const program = runProgram(main, {
      ...this.bucket.environment,
      RABBITMQ_URL: this.brokerUrl,
      LOG_LEVEL: "debug",
      ...variables,
    });
    this.#programs.push({ name: main.split("/")[1] ?? main, program });
    return program;
  }
}

/** A fleet for the test that runs: closed when the test is over, its logs told where the test fails. */
export async function openFleet(options: FleetOptions = {}): Promise<Fleet> {
  const fleet = await Fleet.open(options);
  onTestFinished(async () => await fleet.close());
  tellLogOfFailure(fleet);
  return fleet;
}

/** Adds the logs to the error of the test that runs, should it fail. */
export function tellLogOfFailure(fleet: Fleet): void {
  onTestFailed(({ task }) => {
    const [error] = task.result?.errors ?? [];
    if (error !== undefined) error.message += `\n${fleet.log()}`;
  });
}
