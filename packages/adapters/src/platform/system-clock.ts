// Time as the platform tells it.
import type { Clock } from "@manman/core/ports.ts";

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
