// Time as the control plane sees it; everything that waits or measures takes a clock, so that tests and simulations own the time.

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
    if (signal?.aborted === true) return;
    // Not the platform's own promise of a timer, which makes an error with a stack for every wait that is cut short.
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal?.addEventListener("abort", end);
    });
  },
};
