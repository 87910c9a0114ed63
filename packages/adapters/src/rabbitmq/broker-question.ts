// Asks the broker for one thing at a time.
import { Fault } from "@manman/core/fault.ts";
import type { Channel, ChannelModel } from "amqplib";
import { brokerFault } from "./broker-fault.ts";
import type { BrokerLink } from "./broker-link.ts";
import type { RabbitLimits } from "./rabbit-limits.ts";
import { within } from "../deliveries/within.ts";

/** What the broker answers to the question; bounded in time. */
export async function ask<T>(
  link: BrokerLink<ChannelModel>,
  limits: RabbitLimits,
  context: string,
  question: (channel: Channel) => Promise<T>,
): Promise<T> {
  const connection = await link.session();
  const late = (): Fault => new Fault("away", `${context}: the broker does not answer`);
  try {
    return await within(limits.answerMs, onChannel(connection, question), late);
  } catch (error) {
    throw brokerFault(context, error);
  }
}

/** What the work answers on a channel of its own, which the broker closes with a no. */
export async function onChannel<T>(
  connection: ChannelModel,
  work: (channel: Channel) => Promise<T>,
): Promise<T> {
  const channel = await connection.createChannel();
  // The call that it is about fails as well.
  channel.on("error", () => {});
  const answer = await work(channel);
  await channel.close();
  return answer;
}
