// Waits for something outside that is not there as yet, as at the start of a whole deployment, where nobody knows what comes up first.
import { backoffMs } from "@manman/core/backoff.ts";
import { Fault } from "@manman/core/fault.ts";
import type { Clock } from "@manman/core/ports.ts";
import { logFailure, type Log } from "./log.ts";

const backoff = { firstMs: 500, mostMs: 5_000 };

/** What `work` answers, tried again for as long as it finds something away; undefined when the signal came first. */
export async function untilThere<T>(
  sentence: string,
  work: () => Promise<T>,
  around: {
    readonly clock: Clock;
    readonly random: () => number;
    readonly log: Log;
    readonly signal: AbortSignal;
  },
): Promise<T | undefined> {
  const { clock, random, log, signal } = around;
  for (let failures = 1; !signal.aborted; failures += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Fault) || error.kind !== "away") throw error;
      logFailure(log, { failures }, error, sentence);
      await clock.sleep(backoffMs(failures, backoff, random()), signal);
    }
  }
  return undefined;
}
