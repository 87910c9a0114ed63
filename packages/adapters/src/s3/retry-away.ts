// Tries a call to the store again while the store is away, so that one lost connection does not cost a whole attempt.
import { setTimeout as sleep } from "node:timers/promises";
import { backoffMs, type BackoffLimits } from "@manman/core/backoff.ts";
import { isAway } from "@manman/core/fault.ts";

export type Retry = {
  readonly triesMax: number;
  readonly backoff: BackoffLimits;
  readonly random: () => number;
  /** Ends the waiting at once; the last fault is thrown then. */
  readonly signal?: AbortSignal;
};

/** The call's answer, or its last fault: after `triesMax` tries, or the first whose repetition is of no use. */
export async function retryAway<T>(retry: Retry, call: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await call();
    } catch (error) {
      const isUseful = isAway(error) && tries < retry.triesMax;
      if (!isUseful || retry.signal?.aborted === true) throw error;
      const waitMs = backoffMs(tries, retry.backoff, retry.random());
      const waited = await sleep(waitMs, true, { signal: retry.signal }).catch(() => false);
      if (!waited) throw error;
    }
  }
}
