// Asks the broker, past all proxies, what waits in the queues of a fleet with one host.
import { deadLetterQueue, hostQueue, reportsQueue } from "@manman/contract/bus/topology.ts";
import { connect } from "amqplib";
import type { Fleet } from "../../harness/fleet.ts";

type Waiting = { readonly messages: number; readonly consumers: number };

export type WaitingMessages = {
  readonly reports: Waiting;
  readonly commands: Waiting;
  readonly deadLetters: Waiting;
};

/** The fleet's host manager has registered as server 1. Throws while the broker is away or a queue is missing. */
export async function waitingMessages({ brokerUrl }: Fleet): Promise<WaitingMessages> {
  const connection = await connect(brokerUrl);
  // The test may take the broker away at any time.
  connection.on("error", () => {});
  try {
    const channel = await connection.createChannel();
    channel.on("error", () => {});
    const look = async (name: string): Promise<Waiting> => {
      const { messageCount, consumerCount } = await channel.checkQueue(name);
      return { messages: messageCount, consumers: consumerCount };
    };
    return {
      reports: await look(reportsQueue.name),
      commands: await look(hostQueue(1n).name),
      deadLetters: await look(deadLetterQueue.name),
    };
  } finally {
    await connection.close();
  }
}
