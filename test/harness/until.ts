// Waits for a condition with a deadline, so that no test sleeps for a guessed time or hangs for ever.
import { setTimeout as sleep } from "node:timers/promises";

const POLL_MS = 20;

export type UntilOptions = {
  /** What is waited for, for the error: "the backup completes". */
  readonly what: string;
  /** 10,000 by default. */
  readonly deadlineMs?: number;
};

/**
 * Polls until the condition gives something other than undefined, null or false, and returns that. A condition that throws
 * is asked again. Throws at the deadline with what was waited for and, as cause, what the condition threw last.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  { what, deadlineMs = 10_000 }: UntilOptions,
): Promise<Exclude<T, undefined | null | false>> {
  const deadline = performance.now() + deadlineMs;
  let thrown: unknown;
  for (;;) {
    try {
      const value = await inTime(condition(), deadline);
      thrown = undefined;
      if (value !== undefined && value !== null && value !== false) {
        return value as Exclude<T, undefined | null | false>;
      }
    } catch (error) {
      thrown = error;
    }
    if (performance.now() >= deadline) {
      throw new Error(`not within ${deadlineMs} ms: ${what}`, { cause: thrown });
    }
    await sleep(POLL_MS);
  }
}

/** A condition that never answers must not hold up the deadline. */
async function inTime<T>(value: T | Promise<T>, deadline: number): Promise<T> {
  if (!(value instanceof Promise)) return value;
  const late = new AbortController();
  const limit = sleep(Math.max(0, deadline - performance.now()), undefined, late).then(() => {
    throw new Error("the condition itself gave no answer");
  });
  // Whichever loses the race may still reject.
  limit.catch(() => {});
  try {
    return await Promise.race([value, limit]);
  } finally {
    late.abort();
  }
}
