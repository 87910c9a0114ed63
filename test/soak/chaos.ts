// Brings one fault after the other about, each some seconds after the last one began, and never two at a time.
import { setTimeout as sleep } from "node:timers/promises";
import type { Fault } from "./faults.ts";

export type Chaos = {
  /** How many of each kind there were. */
  readonly counts: ReadonlyMap<string, number>;
  /** Rejects when a part could not be brought back. */
  readonly failed: Promise<never>;
  /** Begins no further fault until `resume`; returns once the present one is over and everything has been put back. */
  readonly pause: () => Promise<void>;
  readonly resume: () => void;
};

export function startChaos(options: {
  readonly everySeconds: number;
  readonly draw: () => Fault;
  readonly say: (line: string) => void;
}): Chaos {
  const { everySeconds, draw, say } = options;
  const counts = new Map<string, number>();
  const failed = Promise.withResolvers<never>();
  // Whoever runs the soak listens from its beginning to its end; between, nobody has to.
  failed.promise.catch(() => {});
  let paused = new AbortController();
  let present = Promise.resolve();

  const run = async (signal: AbortSignal): Promise<void> => {
    let began = performance.now();
    for (;;) {
      const waitMs = Math.max(0, began + everySeconds * 1_000 - performance.now());
      await sleep(waitMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      began = performance.now();
      const fault = draw();
      say(`fault: ${fault.words}`);
      counts.set(fault.kind, (counts.get(fault.kind) ?? 0) + 1);
      await fault.carryOut();
    }
  };
  const resume = (): void => {
    paused = new AbortController();
    present = run(paused.signal);
    present.catch(failed.reject);
  };
  resume();
  return {
    counts,
    failed: failed.promise,
    pause: async () => {
      paused.abort();
      await present;
    },
    resume,
  };
}
