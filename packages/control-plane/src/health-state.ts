// What a row of checks says: whether we serve, and since when without a gap.

export type HealthState = {
  readonly isServing: boolean;
  readonly failuresInARow: number;
  readonly lastWellAtMs: number | null;
  /** When the present row of good checks began; short gaps do not end it. */
  readonly wellSinceMs: number | null;
};

/** Nothing is known at the start, which counts as not serving. */
export const noChecks: HealthState = {
  isServing: false,
  failuresInARow: 0,
  lastWellAtMs: null,
  wellSinceMs: null,
};

/** One lost check is no outage. */
const failuresMax = 2;

export type HealthTimes = {
  readonly checkEveryMs: number;
  /** Longer without a good check, and hosts may have tried to reach us in vain. */
  readonly gapMs: number;
};

/** A gap that goes unnoticed must leave a host time to renew a lease that was running in it, however short leases are. */
export function healthTimes(leaseMs: number): HealthTimes {
  return { checkEveryMs: Math.min(1_000, leaseMs / 4), gapMs: Math.min(5_000, leaseMs / 2) };
}

export function afterCheck(
  state: HealthState,
  isWell: boolean,
  atMs: number,
  times: HealthTimes,
): HealthState {
  if (!isWell) {
    const failuresInARow = state.failuresInARow + 1;
    return {
      ...state,
      failuresInARow,
      isServing: state.isServing && failuresInARow < failuresMax,
    };
  }
  return {
    isServing: true,
    failuresInARow: 0,
    lastWellAtMs: atMs,
    wellSinceMs: wellSince(state, atMs, times) ?? atMs,
  };
}

/** Since when all has been well; null in a gap, also in one that no check has noticed because the process itself stood still. */
export function wellSince(
  state: HealthState,
  nowMs: number,
  { gapMs }: HealthTimes,
): number | null {
  if (state.lastWellAtMs === null || nowMs - state.lastWellAtMs > gapMs) return null;
  return state.wellSinceMs;
}
