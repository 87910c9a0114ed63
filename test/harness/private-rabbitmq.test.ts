import { connect } from "amqplib";
import { expect, onTestFinished, test } from "vitest";
import { privateRabbitMq } from "./private-rabbitmq.ts";

test("what was confirmed is there after a kill and after a stop, at the same address", async () => {
  const server = await privateRabbitMq();
  onTestFinished(server.remove);
  const publish = async (body: string): Promise<void> => {
    const connection = await connect(server.url);
    const channel = await connection.createConfirmChannel();
    await channel.assertQueue("kept", { durable: true, arguments: { "x-queue-type": "quorum" } });
    channel.sendToQueue("kept", Buffer.from(body), { persistent: true });
    await channel.waitForConfirms();
    connection.on("error", () => {});
    await connection.close();
  };
  await publish("one");
  await server.kill();
  await expect(connect(server.url)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  await server.start();
  await publish("two");
  await server.stop();
  await expect(connect(server.url)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  await server.start();

  const connection = await connect(server.url);
  const channel = await connection.createChannel();
  expect((await channel.checkQueue("kept")).messageCount).toBe(2);
  await connection.close();
});
