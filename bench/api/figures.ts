// What is made of measured times: percentiles of one round, and medians over rounds.

/** Figures of one part in one round, or their medians over rounds. */
export type Figures = {
  readonly callsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
};

/** A value for each round, summed up. */
export type Spread = { readonly median: number; readonly least: number; readonly most: number };

/**
 * The smallest of the values that at least `share` of them do not exceed; `share` in (0, 1]. Throws a RangeError where there are
 * no values.
 */
export function percentile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).toSorted();
  const found = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (found === undefined) throw new RangeError("no values to take a percentile of");
  return found;
}

/** The middle value, or the mean of the two middle ones. Throws a RangeError where there are no values. */
export function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).toSorted();
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  if (upper === undefined || lower === undefined) {
    throw new RangeError("no values to take a median of");
  }
  return (lower + upper) / 2;
}

/** The figures of one round, from the time that each call took and the time that all took together. */
export function figuresOf(latenciesMs: readonly number[], elapsedMs: number): Figures {
  return {
    callsPerSecond: (latenciesMs.length / elapsedMs) * 1_000,
    p50Ms: percentile(latenciesMs, 0.5),
    p99Ms: percentile(latenciesMs, 0.99),
  };
}

/** Each figure's median over the rounds. */
export function medianFigures(rounds: readonly Figures[]): Figures {
  return {
    callsPerSecond: median(rounds.map(({ callsPerSecond }) => callsPerSecond)),
    p50Ms: median(rounds.map(({ p50Ms }) => p50Ms)),
    p99Ms: median(rounds.map(({ p99Ms }) => p99Ms)),
  };
}

export function spreadOf(values: readonly number[]): Spread {
  return { median: median(values), least: Math.min(...values), most: Math.max(...values) };
}

/** Each value divided by the other one of the same round. Throws a RangeError where the rounds differ in number. */
export function ratiosByRound(values: readonly number[], others: readonly number[]): Spread {
  if (values.length !== others.length) throw new RangeError("both sides need the same rounds");
  return spreadOf(values.map((value, round) => value / (others[round] ?? Number.NaN)));
}
