// A floor under measurement: its server process and a client of it.
import { fileURLToPath } from "node:url";
import { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import { grpcClient, type GrpcClient } from "@manman/contract/grpc-client.ts";
import { defaultPoolLimits } from "@manman/adapters/postgres/pool.ts";
import type { MeasuredServers } from "./measured-servers.ts";
import { startServerProcess, type ServerProcess } from "./server-process.ts";

export type Floor = {
  readonly server: ServerProcess;
  readonly client: Pick<GrpcClient<typeof ManManAPI>, "createBackup">;
};

/** The INSERT goes to the table of the same database that CreateBackup is measured with, through as many connections. */
export async function startFloor(
  floor: "echo" | "insert",
  databaseUrl: string,
  { record }: Pick<MeasuredServers, "record">,
  profileDir: string | null,
  ends: AsyncDisposableStack,
): Promise<Floor> {
  const server = await startServerProcess({
    name: `floor-${floor}`,
    program: fileURLToPath(import.meta.resolve("./floor-server.ts")),
    args: [floor],
    environment: {
      PG_DATABASE_URL: databaseUrl,
      POOL_SIZE: String(defaultPoolLimits.poolSize),
    },
    record,
    profileDir,
    answers: async (address) => {
      const client = grpcClient(ManManAPI, { address, deadlineMs: 2_000 });
      return await client
        .createBackup({ sessionId: 1n })
        .then(() => true)
        .catch(() => false)
        .finally(client.close);
    },
    ends,
  });
  const client = grpcClient(ManManAPI, { address: server.address });
  ends.defer(client.close);
  return { server, client };
}
