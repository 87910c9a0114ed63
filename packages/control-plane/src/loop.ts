// Runs one piece of work again and again: when woken, or when its wait is over. An error is logged and waited out, and never
// ends the loop; without that, one bad minute of the database would silence the control plane for good.
import { backoffMs } from "@manman/core/backoff.ts";
import type { Clock } from "@manman/core/ports.ts";
import { logFailure, type Log } from "./log.ts";

export type Loop = {
  /** Begins the next round at once, or as soon as the present one is over. Cheap; calls in between count as one. */
  readonly wake: () => void;
  /** Lets the present round finish and begins no other. */
  readonly stop: () => Promise<void>;
};

const errorBackoff = { firstMs: 250, mostMs: 5_000 };

export function startLoop(loop: {
  readonly name: string;
  /** One round; answers how many milliseconds the next may wait for a wake. */
  readonly round: () => Promise<number>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}): Loop {
  const { name, round, clock, random, log } = loop;
  const stopping = new AbortController();
  let pause = new AbortController();
  let woken = false;
  let failures = 0;

  const runRound = async (): Promise<void> => {
    woken = false;
    try {
      const waitMs = await round();
      failures = 0;
      if (woken || waitMs <= 0 || stopping.signal.aborted) return;
      pause = new AbortController();
      await clock.sleep(waitMs, AbortSignal.any([pause.signal, stopping.signal]));
    } catch (error) {
      failures += 1;
      logFailure(log, { failures }, error, `${name} failed; it is tried again`);
      // A wake does not cut this short: what wakes us goes on while the database is away.
      await clock.sleep(backoffMs(failures, errorBackoff, random()), stopping.signal);
    }
  };

  const ended = (async () => {
    while (!stopping.signal.aborted) await runRound();
  })();

  return {
    wake: () => {
      woken = true;
      pause.abort("woken");
    },
    stop: async () => {
      stopping.abort();
      await ended;
    },
  };
}
