// Publishes messages and says of each whether it is safe in a queue: confirmed by the broker, and not returned by it.
import { Fault } from "@manman/core/fault.ts";
import type { ChannelModel, ConfirmChannel, Options } from "amqplib";
import { brokerFault } from "./broker-fault.ts";
import type { BrokerLink } from "./broker-link.ts";
import { freePlaces } from "./free-places.ts";
import type { RabbitLimits } from "./rabbit-limits.ts";
import { declareTopology } from "./topology.ts";
import { atMost, within } from "../deliveries/within.ts";

/** The channel that messages go out on, and those whose confirmation has not come. */
export type PublishingSession = {
  readonly channel: ConfirmChannel;
  /** By correlation id, which is new for each sending: a message id may be on its way twice. */
  readonly unconfirmed: Map<string, { isReturned: boolean }>;
};

export type Sending = {
  readonly exchange: string;
  readonly routingKey: string;
  readonly messageId: string;
  readonly body: Buffer;
  readonly headers?: Readonly<Record<string, string | number>>;
};

export type Publisher = {
  /** Bounded in time; one that ends with `away` may have reached the queue or not. */
  readonly send: (sending: Sending) => Promise<"routed" | "unroutable">;
  /** Waits until nothing is on its way, for so long at most. */
  readonly settled: (withinMs: number) => Promise<void>;
};

/** Makes a new connection ready for publishing. A channel that the broker closes takes its connection with it. */
export async function preparePublishing(
  connection: ChannelModel,
  reset: (why: Error) => void,
): Promise<PublishingSession> {
  const channel = await connection.createConfirmChannel();
  const unconfirmed: PublishingSession["unconfirmed"] = new Map();
  channel.on("error", reset);
  // The broker returns a message that no queue takes before it confirms it.
  channel.on("return", ({ properties }) => {
    const entry = unconfirmed.get(String(properties.correlationId));
    if (entry !== undefined) entry.isReturned = true;
  });
  await declareTopology(channel);
  return { channel, unconfirmed };
}

export function openPublisher(
  link: BrokerLink<PublishingSession>,
  limits: RabbitLimits,
): Publisher {
  const places = freePlaces(limits.unconfirmedMax, limits.waitingMax);
  const onTheWay = new Set<Promise<unknown>>();
  let sendings = 0;
  const sendInPlace = async (sending: Sending, context: string) => {
    const giveBack = await places.take(limits.publishMs);
    if (giveBack === null) throw new Fault("away", `${context}: too many are on their way`);
    sendings += 1;
    try {
      return await send(link, sending, String(sendings), context);
    } finally {
      // Only now does nothing wait for the broker any more, however soon the caller has given up.
      giveBack();
    }
  };
  return {
    send: async (sending) => {
      const context = `publish ${sending.messageId} to ${sending.routingKey}`;
      const late = (): Fault => new Fault("away", `${context}: the broker has not confirmed it`);
      const sent = within(limits.publishMs, sendInPlace(sending, context), late);
      onTheWay.add(sent);
      return await sent.finally(() => onTheWay.delete(sent));
    },
    settled: async (withinMs) => {
      await atMost(withinMs, Promise.allSettled(onTheWay));
    },
  };
}

async function send(
  link: BrokerLink<PublishingSession>,
  sending: Sending,
  correlationId: string,
  context: string,
): Promise<"routed" | "unroutable"> {
  const { channel, unconfirmed } = await link.session();
  const blockedBy = link.blockedBy();
  if (blockedBy !== null) throw new Fault("away", `${context}: the broker is blocked`, blockedBy);
  const { exchange, routingKey, messageId, body, headers } = sending;
  const options: Options.Publish = {
    persistent: true,
    mandatory: true,
    contentType: "application/json",
    messageId,
    correlationId,
    ...(headers === undefined ? {} : { headers }),
  };
  const entry = { isReturned: false };
  unconfirmed.set(correlationId, entry);
  try {
    await new Promise<void>((resolve, reject) => {
      channel.publish(exchange, routingKey, body, options, (error: Error | null) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
  } catch (error) {
    throw brokerFault(context, error);
  } finally {
    unconfirmed.delete(correlationId);
  }
  return entry.isReturned ? "unroutable" : "routed";
}
