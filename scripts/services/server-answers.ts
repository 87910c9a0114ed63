// Asks each server, in its own protocol, whether it is there.
import { once } from "node:events";
import { connect } from "node:net";
import { Client } from "pg";
import { addressVariable, type ServerEnvironment, type ServerName } from "./server-environment.ts";

const ANSWER_SECONDS = 5;

/** Whether that server answers within 5 s. */
export async function serverAnswers(
  server: ServerName,
  environment: ServerEnvironment,
): Promise<boolean> {
  const address = environment[addressVariable(server)] as string;
  const asked = { postgres: askPostgres, rabbitmq: askRabbitMq, s3: askS3 }[server](address);
  return await asked.then(
    () => true,
    () => false,
  );
}

async function askPostgres(address: string): Promise<void> {
  const client = new Client({
    connectionString: address,
    connectionTimeoutMillis: ANSWER_SECONDS * 1000,
  });
  client.on("error", () => {});
  await client.connect();
  await client.end();
}

/** A broker answers the protocol's header with its first method. */
async function askRabbitMq(address: string): Promise<void> {
  const { hostname, port } = new URL(address);
  const socket = connect(Number(port || 5672), hostname);
  try {
    const signal = AbortSignal.timeout(ANSWER_SECONDS * 1000);
    await once(socket, "connect", { signal });
    socket.write("AMQP\0\0\u0009\u0001");
    const [frame] = (await once(socket, "data", { signal })) as [Buffer];
    if (frame[0] !== 1) throw new Error("not an AMQP 0-9-1 broker");
  } finally {
    socket.destroy();
  }
}

/** Any answer to an unsigned request will do. */
async function askS3(address: string): Promise<void> {
  const response = await fetch(address, { signal: AbortSignal.timeout(ANSWER_SECONDS * 1000) });
  await response.body?.cancel();
}
