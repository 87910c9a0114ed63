// Waits for something, but no longer than stated.
import type { Clock } from "@manman/core/ports.ts";

/** Said to whom the wait concerns; making an error for each would cost more than the wait. */
const reached = "no longer waited for";

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
    over.abort(reached);
  }
}
