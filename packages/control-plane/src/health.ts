// Watches the database and the broker, so that load balancers and people see when the control plane can do its work.
import { Fault } from "@manman/core/fault.ts";
import type { Bus, Clock, Records } from "@manman/core/ports.ts";
import { afterCheck, healthTimes, noChecks, wellSince } from "./health-state.ts";
import type { Log } from "./log.ts";
import { startLoop } from "./loop.ts";
import { PartWatch } from "./part-watch.ts";
import { within } from "./within.ts";

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
  /** How long leases are, which no gap may outlast unnoticed. */
  readonly leaseMs: number;
  readonly onChange: (isServing: boolean) => void;
}): Health {
  const { records, bus, clock, random, log, onChange } = needs;
  const times = healthTimes(needs.leaseMs);
  const parts = [
    { watch: new PartWatch("the database", log), check: async () => await records.check() },
    { watch: new PartWatch("the broker", log), check: async () => await bus.check() },
  ];
  let state = noChecks;

  const round = async (): Promise<number> => {
    await Promise.all(parts.map(async (part) => part.watch.note(await troubleOf(part, clock))));
    const before = state.isServing;
    state = afterCheck(state, !parts.some(({ watch }) => watch.isAway), clock.elapsedMs(), times);
    if (state.isServing !== before) {
      log.info({ serving: state.isServing }, "health changed");
      onChange(state.isServing);
    }
    return times.checkEveryMs;
  };

  const loop = startLoop({ name: "health check", round, clock, random, log });
  return {
    isServing: () => state.isServing,
    wellSinceMs: () => wellSince(state, clock.elapsedMs(), times),
    stop: loop.stop,
  };
}

type Part = { readonly watch: PartWatch; readonly check: () => Promise<void> };

/** What is wrong with it; null for nothing. */
async function troubleOf({ watch, check }: Part, clock: Clock): Promise<unknown> {
  try {
    const done = await within(
      clock,
      checkWaitMs,
      check().then(() => true),
    );
    return done === true
      ? null
      : new Fault("away", `${watch.name}: no answer within ${checkWaitMs} ms`);
  } catch (error) {
    return error;
  }
}
