// Waits for something to come true, with a bound.
import { setTimeout as sleep } from "node:timers/promises";

const pollMs = 50;

/** The first answer that is not undefined. Throws, naming what was waited for, when none came within the time. */
export async function until<Answer>(
  what: string,
  withinMs: number,
  ask: () => Promise<Answer | undefined>,
): Promise<Answer> {
  const givenUpAtMs = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() >= givenUpAtMs)
      throw new Error(`waited ${withinMs / 1_000} s in vain until ${what}`);
    await sleep(pollMs);
  }
}
