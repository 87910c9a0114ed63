// The queues of the fleet's hosts: made as hosts make them, by registering, and emptied between measurements.
import { hostQueue } from "@manman/contract/bus/topology.ts";
import type { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import type { GrpcClient } from "@manman/contract/grpc-client.ts";
import { connect } from "amqplib";
import type { Fleet } from "./fleet.ts";

/** Registers every host, whose queue then exists. */
export async function registerHosts(
  { hosts }: Fleet,
  client: Pick<GrpcClient<typeof ManManAPI>, "registerServer">,
): Promise<void> {
  for (let host = 1; host <= hosts; host += 1) {
    const { serverId } = await client.registerServer({
      name: `host-${host}`,
      environment: "bench",
    });
    if (serverId !== BigInt(host)) throw new Error(`host-${host} became server ${serverId}`);
  }
}

/** Drops the commands that wait in the queues of all hosts. */
export async function emptyQueues({ hosts }: Fleet, brokerUrl: string): Promise<void> {
  const connection = await connect(brokerUrl);
  try {
    const channel = await connection.createChannel();
    for (let host = 1; host <= hosts; host += 1) {
      await channel.purgeQueue(hostQueue(BigInt(host)).name);
    }
  } finally {
    await connection.close();
  }
}
