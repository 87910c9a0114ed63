// Watches the database and the broker, so that load balancers and people see when the control plane can do its work.
import type { Bus, Clock, Records } from "@manman/core/ports.ts";
import { afterCheck, noChecks, wellSince } from "./health-state.ts";
import { logFailure, type Log } from "./log.ts";
import { startLoop } from "./loop.ts";
import { within } from "./within.ts";

const checkEveryMs = 1_000;
/** A check that takes longer counts as failed. */
const checkWaitMs = 3_000;

export type Health = {
  /** Whether the database and the broker answer. */
  readonly isServing: () => boolean;
  /** Since when both have answered without a gap, by the clock's elapsed time; null while they do not. */
  readonly wellSinceMs: () => number | null;
  readonly stop: () => Promise<void>;
};

export function startHealth(needs: {
  readonly records: Pick<Records, "check">;
  readonly bus: Pick<Bus, "check">;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly onChange: (isServing: boolean) => void;
}): Health {
  const { records, bus, clock, random, log, onChange } = needs;
  let state = noChecks;

  const round = async (): Promise<number> => {
    const found = await Promise.all([
      answers("the database", records.check(), needs),
      answers("the broker", bus.check(), needs),
    ]);
    const before = state.isServing;
    state = afterCheck(state, found.every(Boolean), clock.elapsedMs());
    if (state.isServing !== before) {
      log.info({ serving: state.isServing }, "health changed");
      onChange(state.isServing);
    }
    return checkEveryMs;
  };

  const loop = startLoop({ name: "health check", round, clock, random, log });
  return {
    isServing: () => state.isServing,
    wellSinceMs: () => wellSince(state, clock.elapsedMs()),
    stop: loop.stop,
  };
}

async function answers(
  what: string,
  check: Promise<void>,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<boolean> {
  try {
    const done = await within(
      clock,
      checkWaitMs,
      check.then(() => true),
    );
    if (done !== true) log.warn({ wait_ms: checkWaitMs }, `${what} did not answer in time`);
    return done === true;
  } catch (error) {
    logFailure(log, {}, error, `${what} does not answer`);
    return false;
  }
}
