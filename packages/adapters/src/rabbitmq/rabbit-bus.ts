// The bus on RabbitMQ. Two connections: what is consumed and asked goes on while the broker, short of memory or disk, takes no
// messages and stops reading the connection that they come on.
import { hostQueue, reportsQueue, exchange } from "@manman/contract/bus/topology.ts";
import { Fault } from "@manman/core/fault.ts";
import type { Bus, BusMessage, Consumption } from "@manman/core/ports.ts";
import type { ChannelModel } from "amqplib";
import type { Handling } from "../deliveries/handle-delivery.ts";
import { tryCounts } from "../deliveries/try-counts.ts";
import { openBrokerLink } from "./broker-link.ts";
import { ask, onChannel } from "./broker-question.ts";
import { startConsumption, type RunningConsumption } from "./consumption.ts";
import { openDeadLetterBox } from "./dead-letter-box.ts";
import { publishDeadLetter, type LetterToKeep } from "./dead-letters.ts";
import { openPublisher, preparePublishing, type Publisher } from "./publisher.ts";
import { defaultRabbitLimits, type RabbitLimits } from "./rabbit-limits.ts";
import { declareQueue, declareTopology } from "./topology.ts";

/** The protocol's bound of a short string. */
const textBytesMax = 255;

export type RabbitBusConfig = {
  /** `amqp://` or `amqps://`, with login and virtual host. */
  readonly url: string;
  /** Who we are in the broker's list of connections. */
  readonly name: string;
  /** For the time in dead letters. */
  readonly nowMs: () => number;
  /** Numbers in [0, 1), for the spread of waits. */
  readonly random: () => number;
};

/**
 * Connects in the background, and again for ever. Throws a `rejected` Fault for an address that is none; everything else that is
 * wrong with the broker shows in the calls, and in `check`.
 */
export function openRabbitBus(
  config: RabbitBusConfig,
  limits: RabbitLimits = defaultRabbitLimits,
): Bus {
  const { name, nowMs, random } = config;
  const url = checkedAddress(config.url);
  const listeners = new Set<(connected: boolean) => void>();
  let isConnected = false;
  let isClosed = false;
  const onChange = (): void => {
    const isUp = consuming.isUp() && publishing.isUp();
    if (isUp === isConnected) return;
    isConnected = isUp;
    for (const listener of listeners) listener(isUp);
  };
  const link = { url, random, limits, onChange };
  const consuming = openBrokerLink({
    ...link,
    name: `${name} (consuming)`,
    prepare: prepareConsuming,
  });
  const publishing = openBrokerLink({
    ...link,
    name: `${name} (publishing)`,
    prepare: preparePublishing,
  });
  const publisher = openPublisher(publishing, limits);
  const counts = tryCounts(limits.countedMax);
  const consumptions = new Set<RunningConsumption>();
  const deadLetter = async (letter: LetterToKeep): Promise<void> => {
    await publishDeadLetter(publisher, letter, nowMs());
  };

  return {
    publish: async (message) => await publish(publisher, message, limits),
    declareHostQueue: async (serverId) => {
      const queue = hostQueue(serverId);
      await ask(consuming, limits, `declare ${queue.name}`, async (channel) => {
        await declareQueue(channel, queue);
      });
    },
    consume: async (source, prefetch, handle) => {
      if (isClosed) throw new Fault("away", `${name}: closed`);
      const queue = source.queue === "host" ? hostQueue(source.serverId) : reportsQueue;
      const handling: Handling = { handle, counts, backoff: limits.redelivery, random };
      const subscription = { queue, prefetch, handling, deadLetter, limits };
      const consumption = startConsumption(consuming, subscription);
      consumptions.add(consumption);
      try {
        await consumption.begun;
      } catch (error) {
        consumptions.delete(consumption);
        throw error;
      }
      return closable(consumption, consumptions);
    },
    reportsWaiting: async () => {
      return await ask(consuming, limits, "count the reports", async (channel) => {
        return (await channel.checkQueue(reportsQueue.name)).messageCount;
      });
    },
    ...openDeadLetterBox(consuming, publisher, limits),
    check: async () => {
      await publishing.session();
      const blockedBy = publishing.blockedBy();
      if (blockedBy !== null) throw new Fault("away", `${name}: the broker is blocked`, blockedBy);
      for (const consumption of consumptions) {
        const trouble = consumption.trouble();
        if (trouble !== null) throw trouble;
      }
      await ask(consuming, limits, `${name}: look for the broker`, async (channel) => {
        await channel.checkExchange(exchange.name);
      });
    },
    onConnectionChange: (listener) => {
      listeners.add(listener);
      listener(isConnected);
    },
    close: async () => {
      isClosed = true;
      await Promise.all([...consumptions].map(async (consumption) => await consumption.close()));
      await publisher.settled(limits.closeMs);
      await Promise.all([consuming.close(), publishing.close()]);
    },
  };
}

async function prepareConsuming(connection: ChannelModel): Promise<ChannelModel> {
  await onChannel(connection, declareTopology);
  return connection;
}

async function publish(
  publisher: Publisher,
  { routingKey, messageId, body }: BusMessage,
  limits: RabbitLimits,
): Promise<"routed" | "unroutable"> {
  const bytes = Buffer.from(body);
  const context = `publish ${messageId} to ${routingKey}`;
  if (bytes.length > limits.bodyBytesMax) {
    const excess = `${bytes.length} bytes are more than ${limits.bodyBytesMax}`;
    throw new Fault("rejected", `${context}: ${excess}`);
  }
  for (const text of [routingKey, messageId]) {
    if (text === "" || Buffer.byteLength(text) > textBytesMax) {
      const words = `routing key and message id must have 1 to ${textBytesMax} bytes`;
      throw new Fault("rejected", `${context}: ${words}`);
    }
  }
  return await publisher.send({ exchange: exchange.name, routingKey, messageId, body: bytes });
}

function closable(
  consumption: RunningConsumption,
  consumptions: Set<RunningConsumption>,
): Consumption {
  return {
    close: async () => {
      await consumption.close();
      consumptions.delete(consumption);
    },
  };
}

/** The words never repeat the address, which may hold a password. */
function checkedAddress(url: string): string {
  const protocol = URL.canParse(url) ? new URL(url).protocol : "";
  if (protocol === "amqp:" || protocol === "amqps:") return url;
  throw new Fault("rejected", "RabbitMQ: the address must begin with amqp:// or amqps://");
}
