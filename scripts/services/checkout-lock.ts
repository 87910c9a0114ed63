// Lets one process of a checkout start or end servers at a time. The kernel gives the lock back when its holder dies, so it is never stale.
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const WAIT_SECONDS = 900;

/** Runs `work` while holding the checkout's lock. Throws when another process holds it for more than 15 minutes. */
export async function withCheckoutLock<T>(work: () => Promise<T>): Promise<T> {
  const checkout = createHash("sha256")
    .update(import.meta.dirname)
    .digest("hex")
    .slice(0, 24);
  // A name of the kernel's own, without a file.
  const name = `\0manman-services-${checkout}`;
  const deadline = performance.now() + WAIT_SECONDS * 1000;
  for (;;) {
    const holder = createServer();
    try {
      await once(holder.listen(name), "listening");
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "EADDRINUSE") throw cause;
      if (performance.now() > deadline)
        throw new Error("another `services` run takes too long", { cause });
      await sleep(100);
      continue;
    }
    try {
      return await work();
    } finally {
      await once(holder.close(), "close");
    }
  }
}
