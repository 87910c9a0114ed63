// Speaks to the broker past our programs: publishes any bytes under any key, and looks at what nobody could use.
import {
  deadLetterQueue,
  deadLetterReasonHeader,
  exchange,
} from "@manman/contract/bus/topology.ts";
import { connect } from "amqplib";

export type DeadLetter = {
  readonly routingKey: string;
  readonly body: string;
  /** Why it is one. */
  readonly reason: string;
};

/** Returns once the broker has it. */
export async function publishRaw(
  brokerUrl: string,
  routingKey: string,
  body: string,
): Promise<void> {
  const connection = await connect(brokerUrl);
  try {
    const channel = await connection.createConfirmChannel();
    channel.publish(exchange.name, routingKey, Buffer.from(body), { persistent: true });
    await channel.waitForConfirms();
  } finally {
    await connection.close();
  }
}

/** Takes them all out of their queue. */
export async function takenDeadLetters(brokerUrl: string): Promise<readonly DeadLetter[]> {
  const connection = await connect(brokerUrl);
  try {
    const channel = await connection.createChannel();
    const taken: DeadLetter[] = [];
    for (;;) {
      const message = await channel.get(deadLetterQueue.name, { noAck: true });
      if (message === false) return taken;
      const reason: unknown = message.properties.headers?.[deadLetterReasonHeader];
      taken.push({
        routingKey: message.fields.routingKey,
        body: message.content.toString(),
        reason: typeof reason === "string" ? reason : "",
      });
    }
  } finally {
    await connection.close();
  }
}
