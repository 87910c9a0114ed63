// A control plane as in production, by its own main program, with a database, a broker and a bucket of its own and a fleet's records.
import { fileURLToPath } from "node:url";
import { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import { grpcClient, type GrpcClient } from "@manman/contract/grpc-client.ts";
import { freshBroker } from "../../test/harness/fresh-broker.ts";
import { freshBucket } from "../../test/harness/fresh-bucket.ts";
import { clearAdditions, fillFleet, fleetOf, type Fleet, type RunningSession } from "./fleet.ts";
import { emptyQueues, registerHosts } from "./host-queues.ts";
import type { MeasuredServers } from "./measured-servers.ts";
import { startServerProcess, type ServerProcess } from "./server-process.ts";

export type Deployment = {
  readonly fleet: Fleet;
  readonly sessions: readonly RunningSession[];
  readonly brokerUrl: string;
  readonly server: ServerProcess;
  readonly client: GrpcClient<typeof ManManAPI>;
  /** Takes away what measuring added: records, commands, messages. */
  readonly clear: () => Promise<void>;
};

/** `takesBackups`: its hosts have queues, so that commands find their way. */
export async function startDeployment(
  servers: MeasuredServers,
  asked: {
    readonly name: string;
    readonly records: number;
    readonly gamesLeast: number;
    readonly takesBackups: boolean;
    readonly profileDir: string | null;
  },
  ends: AsyncDisposableStack,
): Promise<Deployment> {
  const databaseUrl = await servers.createDatabase(asked.name);
  const broker = await freshBroker();
  ends.defer(broker.remove);
  const bucket = await freshBucket();
  ends.defer(bucket.remove);
  const server = await startServerProcess({
    name: `control-plane-${asked.name}`,
    program: fileURLToPath(import.meta.resolve("@manman/control-plane/main.ts")),
    args: [],
    environment: {
      ...bucket.environment,
      PG_DATABASE_URL: databaseUrl,
      RABBITMQ_URL: broker.url,
    },
    record: servers.record,
    profileDir: asked.profileDir,
    answers: async (address) => {
      const client = grpcClient(ManManAPI, { address, deadlineMs: 2_000 });
      return await client
        .listBackups({})
        .then(() => true)
        .catch(() => false)
        .finally(client.close);
    },
    ends,
  });
  const client = grpcClient(ManManAPI, { address: server.address });
  ends.defer(client.close);
  const fleet = fleetOf(databaseUrl, asked.records, asked.gamesLeast);
  const sessions = await fillFleet(fleet);
  if (asked.takesBackups) await registerHosts(fleet, client);
  return {
    fleet,
    sessions,
    brokerUrl: broker.url,
    server,
    client,
    clear: async () => {
      await clearAdditions(fleet);
      if (asked.takesBackups) await emptyQueues(fleet, broker.url);
    },
  };
}
