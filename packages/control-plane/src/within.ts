// Waits for something, but no longer than stated.
import type { Clock } from "./clock.ts";

/** The value of `work`, or undefined when it takes longer than `ms`; the work itself goes on. */
export async function within<T>(
  clock: Clock,
  ms: number,
  work: Promise<T>,
): Promise<T | undefined> {
  const over = new AbortController();
  try {
    return await Promise.race([work, clock.sleep(ms, over.signal).then(() => undefined)]);
  } finally {
    over.abort();
  }
}
