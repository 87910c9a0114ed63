// Time as the host manager gets it: passed in, so that tests decide what it is.
import { setTimeout as sleep } from "node:timers/promises";

export interface Clock {
  /** Unix milliseconds. */
  nowMs(): number;
  /** Resolves after `ms`, or at once when the signal is or becomes aborted; never rejects. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  wait: async (ms, signal) => {
    await sleep(ms, undefined, { signal }).catch(() => undefined);
  },
};
