// Opens the bus as the tests of RabbitMQ want it: short waits, closed when the test ends, and a look at its dead letters.
import { openRabbitBus } from "@manman/adapters/rabbitmq/rabbit-bus.ts";
import { defaultRabbitLimits, type RabbitLimits } from "@manman/adapters/rabbitmq/rabbit-limits.ts";
import { deadLetterQueue } from "@manman/contract/bus/topology.ts";
import type { Bus } from "@manman/core/ports.ts";
import { connect, type Channel, type GetMessage } from "amqplib";
import { onTestFinished } from "vitest";
import { freshBroker } from "../harness/fresh-broker.ts";
import { until } from "../harness/until.ts";

const quick: RabbitLimits = {
  ...defaultRabbitLimits,
  reconnect: { firstMs: 20, mostMs: 500 },
  redelivery: { firstMs: 5, mostMs: 20 },
};

/** A bus that may not be connected yet. */
export function openTestBus(url: string, changes: Partial<RabbitLimits> = {}): Bus {
  const config = { url, name: "test", nowMs: () => 1_790_000_000_000, random: Math.random };
  return openRabbitBus(config, { ...quick, ...changes });
}

/** A bus that is connected, closed when the test ends. */
export async function connectedBus(url: string, changes: Partial<RabbitLimits> = {}): Promise<Bus> {
  const bus = openTestBus(url, changes);
  onTestFinished(async () => await bus.close());
  await until(async () => await passes(bus.check()), { what: "the bus is connected" });
  return bus;
}

/** The address of a virtual host that is removed when the test ends. */
export async function brokerAddress(): Promise<string> {
  const broker = await freshBroker();
  onTestFinished(broker.remove);
  return broker.url;
}

/** Whether it ended well. */
export async function passes(work: Promise<unknown>): Promise<boolean> {
  return await work.then(
    () => true,
    () => false,
  );
}

/** Works on a channel of another client than ours. */
export async function onOwnChannel<T>(
  url: string,
  work: (channel: Channel) => Promise<T>,
): Promise<T> {
  const connection = await connect(url);
  connection.on("error", () => {});
  try {
    const channel = await connection.createConfirmChannel();
    channel.on("error", () => {});
    const answer = await work(channel);
    await channel.waitForConfirms();
    return answer;
  } finally {
    await connection.close();
  }
}

/** Takes what is in the dead-letter queue by now. */
export async function takeDeadLetters(url: string): Promise<GetMessage[]> {
  return await onOwnChannel(url, async (channel) => {
    const letters: GetMessage[] = [];
    for (;;) {
      const letter = await channel.get(deadLetterQueue.name, { noAck: true });
      if (letter === false) return letters;
      letters.push(letter);
    }
  });
}
