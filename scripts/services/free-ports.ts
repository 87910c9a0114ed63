// Finds free loopback ports below the range that the kernel hands out by itself: a server that is stopped for a while finds its port still free.
import { once } from "node:events";
import { createServer } from "node:net";

const FIRST = 15_000;
const LAST = 31_999;
const TRIES_MAX = 200;

/** `count` different TCP ports that nobody listens on. Throws when 200 tries did not find them. */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    if (found.size === count) return [...found];
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST + 1));
    if (await isFree(port)) found.add(port);
  }
  throw new Error(`no ${count} free TCP ports between ${FIRST} and ${LAST}`);
}

/** One TCP port that nobody listens on. */
export async function freePort(): Promise<number> {
  return (await freePorts(1))[0] as number;
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  try {
    await once(probe.listen(port, "127.0.0.1"), "listening");
  } catch {
    return false;
  }
  await once(probe.close(), "close");
  return true;
}
