// Time as the control plane sees it; everything that waits or measures takes a clock, so that tests and simulations own the time.
import { setTimeout as timer } from "node:timers/promises";

export type Clock = {
  /** Unix milliseconds, for what people read. Leases and due times go by the database's clock instead. */
  readonly nowMs: () => number;
  /** Milliseconds from any fixed point; never jumps, for measuring. */
  readonly elapsedMs: () => number;
  /** Resolves after so many milliseconds, or at once when the signal fires. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
};

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  elapsedMs: () => performance.now(),
  sleep: async (ms, signal) => {
    await timer(ms, undefined, signal === undefined ? {} : { signal }).catch((error: unknown) => {
      if (signal?.aborted !== true) throw error;
    });
  },
};
