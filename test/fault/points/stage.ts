// Where fault points are acted out: a fleet with a proxy on every way between two stations, and servers of its own where they must be taken
// away. One stage serves all points of a test file, as long as they leave it whole.
import { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import { grpcClient, type GrpcClient } from "@manman/contract/grpc-client.ts";
import { privateGateway } from "../../harness/private-gateway.ts";
import { runningGame, type RunningGame } from "../../harness/fleet-games.ts";
import { Fleet, serverName } from "../../harness/fleet.ts";
import { privatePostgres } from "../../harness/private-postgres.ts";
import { privateRabbitMq } from "../../harness/private-rabbitmq.ts";
import type { PrivateServer } from "../../harness/private-server.ts";
import type { Program, Variables } from "../../harness/program.ts";
import { TcpProxy } from "../../harness/tcp-proxy.ts";
import { until } from "../../harness/until.ts";
import type { LinkName, ServerName } from "./fault-point.ts";
import { waitingMessages } from "./waiting-messages.ts";

export type StageOptions = {
  /** Servers that are the stage's own, for faults that hit the server itself. */
  readonly own: readonly ServerName[];
  /** 60 by default, which no point outlasts by chance. */
  readonly leaseSeconds?: number;
};

const mib = 1024 * 1024;
/** Its upload has four parts. No more than three are on their way at a time, so that one has arrived when the upload halts. */
const largeWorldBytes = 26 * mib;
export const haltAfterBytes = 25 * mib;

/** Machines that do much else take their time. */
const wholeWithinMs = 60_000;

export class Stage {
  readonly fleet: Fleet;
  readonly links: Readonly<Record<LinkName, TcpProxy>>;
  readonly servers: Readonly<Partial<Record<ServerName, PrivateServer>>>;
  readonly leaseSeconds: number;
  /** As everybody calls the control plane, by way of a proxy. */
  readonly caller: GrpcClient<typeof ManManAPI>;
  #games: Readonly<Record<"small" | "large", RunningGame>> | undefined;
  readonly #endsAsked = new Set<Program>();
  readonly #strayEnds: string[] = [];
  #controlPlane: Program | undefined;
  #hostManager: Program | undefined;

  private constructor(parts: Pick<Stage, "fleet" | "links" | "servers" | "leaseSeconds">) {
    this.fleet = parts.fleet;
    this.links = parts.links;
    this.servers = parts.servers;
    this.leaseSeconds = parts.leaseSeconds;
    this.caller = grpcClient(ManManAPI, {
      address: addressOf(this.links["caller to control plane"]),
    });
    this.fleet.atEnd(async () => this.caller.close());
  }

  /** Everything runs. */
  static async open({ own, leaseSeconds = 60 }: StageOptions): Promise<Stage> {
    const [postgres, rabbitMq, gateway] = await Promise.all([
      own.includes("PostgreSQL") ? privatePostgres() : undefined,
      own.includes("RabbitMQ") ? privateRabbitMq() : undefined,
      own.includes("S3") ? privateGateway() : undefined,
    ]);
    const fleet = await Fleet.open({
      controlPlane: { LEASE_SECONDS: String(leaseSeconds) },
      hostManager: { COMPRESSION_LEVEL: "1" },
      ...(postgres === undefined ? {} : { databaseUrl: postgres.url }),
      ...(rabbitMq === undefined ? {} : { brokerUrl: rabbitMq.url }),
      ...(gateway === undefined ? {} : { gateway: gateway.variables }),
    });
    const servers = {
      ...(postgres === undefined ? {} : { PostgreSQL: postgres }),
      ...(rabbitMq === undefined ? {} : { RabbitMQ: rabbitMq }),
      ...(gateway === undefined ? {} : { S3: gateway }),
    };
    for (const server of Object.values(servers)) fleet.atEnd(server.remove);
    const stage = new Stage({ fleet, links: await proxies(fleet), servers, leaseSeconds });
    stage.startControlPlane();
    stage.startHostManager();
    try {
      await Promise.all([stage.controlPlane.said("ready"), stage.hostManager.said("ready")]);
      const small = await runningGame(fleet, 1_000);
      stage.#games = { small, large: await runningGame(fleet, largeWorldBytes) };
      await stage.isWhole();
      return stage;
    } catch (cause) {
      const log = fleet.log();
      await fleet.close();
      throw new Error(`the stage cannot be set\n${log}`, { cause });
    }
  }

  /** The present one, or the last one that was. */
  get controlPlane(): Program {
    if (this.#controlPlane === undefined) throw new Error("the control plane was never started");
    return this.#controlPlane;
  }

  /** The present one, or the last one that was. */
  get hostManager(): Program {
    if (this.#hostManager === undefined) throw new Error("the host manager was never started");
    return this.#hostManager;
  }

  startControlPlane(): void {
    const { databaseUrl, brokerUrl } = this.fleet;
    this.#controlPlane = this.#watched(
      "control plane",
      this.fleet.startControlPlane({
        PG_DATABASE_URL: this.links["control plane to PostgreSQL"].through(databaseUrl),
        RABBITMQ_URL: this.links["control plane to RabbitMQ"].through(brokerUrl),
        ...this.#storeThrough("control plane to S3"),
      }),
    );
  }

  startHostManager(): void {
    this.#hostManager = this.#watched(
      "host manager",
      this.fleet.startHostManager({
        API_ADDRESS: addressOf(this.links["host manager to control plane"]),
        RABBITMQ_URL: this.links["host manager to RabbitMQ"].through(this.fleet.brokerUrl),
        ...this.#storeThrough("packer to S3"),
      }),
    );
  }

  /** Ends one of our programs, which otherwise must not end. */
  async end(program: Program, signal: NodeJS.Signals): Promise<void> {
    this.#endsAsked.add(program);
    await program.end(signal);
  }

  /** The programs that ended without being asked to. */
  get strayEnds(): readonly string[] {
    return this.#strayEnds;
  }

  /** Games that run for as long as the stage stands; the upload of the large one takes several parts. */
  get games(): Readonly<Record<"small" | "large", RunningGame>> {
    if (this.#games === undefined) throw new Error("the stage is not open yet");
    return this.#games;
  }

  /** Waits until all parts have found each other again. */
  async isWhole(): Promise<void> {
    const { fleet } = this;
    await until(() => this.#isServing() && !this.#misses(), {
      what: "the control plane is serving, and misses nothing",
      deadlineMs: wholeWithinMs,
    });
    await until(
      async () => {
        const { reports, commands } = await waitingMessages(fleet);
        return reports.consumers === 1 && commands.consumers === 1;
      },
      { what: "reports and commands are consumed", deadlineMs: wholeWithinMs },
    );
    await until(
      async () => {
        const [seen] = await fleet.query<{ lately: boolean }>(
          "select last_seen_at > now() - interval '3 seconds' as lately from server where name = $1",
          [serverName],
        );
        return seen?.lately;
      },
      { what: "the host manager is heard", deadlineMs: wholeWithinMs },
    );
  }

  async close(): Promise<void> {
    await this.fleet.close();
  }

  #isServing(): boolean {
    const { lines } = this.controlPlane;
    return lines.findLast(({ msg }) => msg === "health changed")?.["serving"] === true;
  }

  /** Whether it has said that something is away, and not that it is back: it would not complain of the same part again. */
  #misses(): boolean {
    return ["the database", "the broker"].some((part) => {
      const news = [`${part} does not answer`, `${part} answers again`];
      const last = this.controlPlane.lines.findLast(({ msg }) => news.includes(msg ?? ""));
      return last?.msg === news[0];
    });
  }

  #storeThrough(link: LinkName): Variables {
    const endpoint = this.fleet.bucket.environment["S3_ENDPOINT"] ?? "";
    return { S3_ENDPOINT: this.links[link].through(endpoint) };
  }

  #watched(name: string, program: Program): Program {
    void program.ended.then((code) => {
      if (!this.#endsAsked.has(program)) this.#strayEnds.push(`${name}, with code ${code}`);
    });
    return program;
  }
}

async function proxies(fleet: Fleet): Promise<Record<LinkName, TcpProxy>> {
  const api = `tcp://${fleet.address}`;
  const store = fleet.bucket.environment["S3_ENDPOINT"] ?? "";
  const targets: Record<LinkName, string> = {
    "caller to control plane": api,
    "host manager to control plane": api,
    "control plane to PostgreSQL": fleet.databaseUrl,
    "control plane to RabbitMQ": fleet.brokerUrl,
    "host manager to RabbitMQ": fleet.brokerUrl,
    "control plane to S3": store,
    "packer to S3": store,
  };
  const made = await Promise.all(
    Object.entries(targets).map(async ([name, target]) => {
      const proxy = await TcpProxy.to(target);
      fleet.atEnd(async () => await proxy.close());
      return [name, proxy] as const;
    }),
  );
  // One for each name of `targets`.
  return Object.fromEntries(made) as Record<LinkName, TcpProxy>;
}

function addressOf(proxy: TcpProxy): string {
  return `127.0.0.1:${proxy.port}`;
}
