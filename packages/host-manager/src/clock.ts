// Time as the host manager sees it: passed in, so that tests decide what it is.
import { setTimeout as timer } from "node:timers/promises";

export type Clock = {
  /** Unix milliseconds. */
  readonly nowMs: () => number;
  /** Resolves after so many milliseconds, or at once when the signal is or becomes aborted; never rejects. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
};

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  sleep: async (ms, signal) => {
    await timer(ms, undefined, { signal }).catch(() => undefined);
  },
};
