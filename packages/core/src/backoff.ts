// How long to wait before trying again: doubling, capped, and spread out so that many who failed together do not return together.

export type BackoffLimits = { readonly firstMs: number; readonly mostMs: number };

/**
 * Milliseconds to wait after the `tries`-th failure in a row (1 is the first).
 * `chance` is a number in [0, 1): the wait lies between half and the whole of the doubled step.
 */
export function backoffMs(tries: number, limits: BackoffLimits, chance: number): number {
  const stepMs = Math.min(limits.mostMs, limits.firstMs * 2 ** Math.min(tries - 1, 30));
  return Math.round(stepMs * (0.5 + chance / 2));
}
