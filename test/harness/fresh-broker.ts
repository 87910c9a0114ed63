// Gives a test a virtual host of its own on the RabbitMQ of the run, where its exchange and queues meet nobody else's.
import { randomBytes } from "node:crypto";
import { serverVariable } from "./server-variable.ts";

export type FreshBroker = {
  /** AMQP address with the virtual host as its path. */
  readonly url: string;
  /** Deletes the virtual host with all its queues and connections. */
  readonly remove: () => Promise<void>;
};

/** Creates one (about 0.1 s). */
export async function freshBroker(): Promise<FreshBroker> {
  const name = `test-${randomBytes(8).toString("hex")}`;
  const url = new URL(serverVariable("RABBITMQ_URL"));
  const user = url.username === "" ? "guest" : url.username;
  await manage("PUT", `vhosts/${name}`);
  await manage("PUT", `permissions/${name}/${user}`, { configure: ".*", write: ".*", read: ".*" });
  url.pathname = `/${name}`;
  return { url: url.href, remove: async () => await manage("DELETE", `vhosts/${name}`) };
}

async function manage(method: string, path: string, body?: object): Promise<void> {
  const url = new URL(`/api/${path}`, serverVariable("RABBITMQ_MANAGEMENT_URL"));
  const login = Buffer.from(
    `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`,
  );
  url.username = "";
  url.password = "";
  const response = await fetch(url, {
    method,
    headers: {
      authorization: `Basic ${login.toString("base64")}`,
      "content-type": "application/json",
    },
    body: body === undefined ? null : JSON.stringify(body),
    signal: AbortSignal.timeout(30_000),
  });
  const said = await response.text();
  if (!response.ok) throw new Error(`${method} ${url.href}: ${response.status} ${said}`);
}
