// Looks at the dead letters without losing any: messages are taken without being acknowledged, and all but the one that is dealt with go
// back. While one looks, another would find the queue empty; so lookers take turns, across processes too.
import { setTimeout as sleep } from "node:timers/promises";
import { deadLetterQueue, exchange } from "@manman/contract/bus/topology.ts";
import { byTimeOfDeath, deadLettersSeenMax, type DeadLetter } from "@manman/core/dead-letter.ts";
import { Fault } from "@manman/core/fault.ts";
import type { Bus } from "@manman/core/ports.ts";
import type { Channel, ChannelModel, GetMessage } from "amqplib";
import { within } from "../deliveries/within.ts";
import { brokerFault, replyCodeOf } from "./broker-fault.ts";
import type { BrokerLink } from "./broker-link.ts";
import { onChannel } from "./broker-question.ts";
import { freePlaces } from "./free-places.ts";
import { keptLetter } from "./kept-letter.ts";
import type { Publisher } from "./publisher.ts";
import type { RabbitLimits } from "./rabbit-limits.ts";
import { declareQueue } from "./topology.ts";

export type DeadLetterBox = Pick<Bus, "listDeadLetters" | "replayDeadLetter" | "dropDeadLetter">;

/** Lookers that wait for their turn in this process. */
const waitingMax = 100;
/** Bodies that are fetched in one look. */
const seenBytesMax = 64 * 1_024 * 1_024;
/** A queue that only one connection can have at a time: whoever has it may look. It is gone with the connection, or after a while. */
const turnQueue = { name: "manman-dead-letters-turn", expiresMs: 60_000 };
const turnPollMs = 50;

export function openDeadLetterBox(
  link: BrokerLink<ChannelModel>,
  publisher: Publisher,
  limits: RabbitLimits,
): DeadLetterBox {
  const places = freePlaces(1, waitingMax);
  const look = async <T>(context: string, work: (look: Look) => Promise<T>): Promise<T> => {
    const endsAt = performance.now() + limits.answerMs;
    const inPlace = async (): Promise<T> => {
      const giveBack = await places.take(limits.answerMs);
      if (giveBack === null) throw new Fault("away", `${context}: others look at them`);
      try {
        return await inTurn(await link.session(), context, endsAt, work);
      } catch (error) {
        throw brokerFault(context, error);
      } finally {
        giveBack();
      }
    };
    const late = (): Fault => new Fault("away", `${context}: the broker does not answer`);
    return await within(limits.answerMs + limits.publishMs, inPlace(), late);
  };

  return {
    listDeadLetters: async () =>
      await look("list the dead letters", async ({ channel, endsAt }) => {
        const { messageCount } = await channel.checkQueue(deadLetterQueue.name);
        const letters: DeadLetter[] = [];
        await walk(channel, endsAt, (letter) => {
          letters.push(letter);
          return false;
        });
        const count = Math.max(messageCount, letters.length);
        return { letters: letters.toSorted(byTimeOfDeath), count };
      }),
    replayDeadLetter: async (deadLetterId) =>
      await look(`replay dead letter ${deadLetterId}`, async (present) => {
        const found = await find(present, deadLetterId);
        if (found === null) return "missing";
        const { letter, message } = found;
        const { routingKey, messageId } = letter;
        const body = message.content;
        const sending = { exchange: exchange.name, routingKey, messageId, body };
        if ((await publisher.send(sending)) === "unroutable") return "unroutable";
        // Only now: a crash before this leaves a copy, one after it nothing to do.
        present.channel.ack(message);
        return "replayed";
      }),
    dropDeadLetter: async (deadLetterId) =>
      await look(`drop dead letter ${deadLetterId}`, async (present) => {
        const found = await find(present, deadLetterId);
        if (found === null) return "missing";
        present.channel.ack(found.message);
        return "dropped";
      }),
  };
}

type Look = { readonly channel: Channel; readonly endsAt: number };

type Found = { readonly letter: DeadLetter; readonly message: GetMessage };

async function find({ channel, endsAt }: Look, deadLetterId: string): Promise<Found | null> {
  let found: Found | null = null;
  const end = await walk(channel, endsAt, (letter, message) => {
    if (letter.deadLetterId === deadLetterId) found = { letter, message };
    return found !== null;
  });
  if (end === "late") throw new Fault("away", `dead letter ${deadLetterId}: not found in time`);
  return found;
}

/** Shows the letters, as the queue has them, until `visit` has seen enough, or a bound is reached. */
async function walk(
  channel: Channel,
  endsAt: number,
  visit: (letter: DeadLetter, message: GetMessage) => boolean,
): Promise<"seen" | "late"> {
  let seenBytes = 0;
  for (let seen = 0; seen < deadLettersSeenMax && seenBytes < seenBytesMax; seen += 1) {
    if (performance.now() > endsAt) return "late";
    const message = await channel.get(deadLetterQueue.name, { noAck: false });
    if (message === false || visit(keptLetter(message), message)) break;
    seenBytes += message.content.length;
  }
  return "seen";
}

async function inTurn<T>(
  connection: ChannelModel,
  context: string,
  endsAt: number,
  work: (look: Look) => Promise<T>,
): Promise<T> {
  await takeTurn(connection, context, endsAt);
  try {
    return await onLookingChannel(connection, async (channel) => await work({ channel, endsAt }));
  } finally {
    // Should this fail, the turn is over with the connection, or after a while.
    await onChannel(connection, async (channel) => {
      await channel.deleteQueue(turnQueue.name);
    }).catch(() => {});
  }
}

async function takeTurn(connection: ChannelModel, context: string, endsAt: number): Promise<void> {
  for (;;) {
    try {
      await onChannel(connection, async (channel) => {
        const { name, expiresMs: expires } = turnQueue;
        await channel.assertQueue(name, { exclusive: true, durable: false, expires });
      });
      return;
    } catch (error) {
      // Resource locked: another connection has it.
      if (replyCodeOf(error) !== 405) throw error;
    }
    if (performance.now() > endsAt) throw new Fault("away", `${context}: others look at them`);
    await sleep(turnPollMs);
  }
}

/** Whatever the work has taken and not acknowledged is back in the queue when this has ended, and what it acknowledged is gone. */
async function onLookingChannel<T>(
  connection: ChannelModel,
  work: (channel: Channel) => Promise<T>,
): Promise<T> {
  const channel = await connection.createChannel();
  channel.on("error", () => {});
  let answer: T;
  try {
    await declareQueue(channel, deadLetterQueue);
    answer = await work(channel);
    channel.nackAll(true);
  } catch (error) {
    // The broker may have closed it already.
    await channel.close().catch(() => {});
    throw error;
  }
  await channel.close();
  return answer;
}
