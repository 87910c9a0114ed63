// Runs seeds that follow each other, and keeps of each no more than what a summary needs.
import { defects, type DefectName } from "./defects.ts";
import { runSeed } from "./run-seed.ts";

export type SeedChunk = {
  readonly from: number;
  readonly seeds: number;
  readonly defect: DefectName | null;
  /** Stops at the first seed that breaks a promise. */
  readonly untilBroken: boolean;
};

export type BrokenSeed = {
  readonly seed: number;
  readonly broken: readonly string[];
  /** The last things that happened. */
  readonly traceTail: readonly string[];
};

/** What happened in some seeds; adding up outcomes gives the outcome of all of them. */
export type SeedsOutcome = {
  readonly seeds: number;
  readonly events: number;
  readonly virtualMs: number;
  /** How many backups ended in which state. */
  readonly backups: Readonly<Record<string, number>>;
  readonly failures: readonly BrokenSeed[];
};

export const nothingRun: SeedsOutcome = {
  seeds: 0,
  events: 0,
  virtualMs: 0,
  backups: {},
  failures: [],
};

const traceTailLines = 60;

export async function runChunk(chunk: SeedChunk): Promise<SeedsOutcome> {
  const { from, seeds, defect, untilBroken } = chunk;
  const planted = defect === null ? {} : { defect: defects[defect] };
  let sum = nothingRun;
  for (let seed = from; seed < from + seeds; seed += 1) {
    const { events, virtualMs, backups, broken } = await runSeed(seed, planted);
    const isBroken = broken.length > 0;
    const { trace } = isBroken ? await runSeed(seed, { ...planted, keepTrace: true }) : noTrace;
    const failures = isBroken ? [{ seed, broken, traceTail: trace.slice(-traceTailLines) }] : [];
    sum = added(sum, { seeds: 1, events, virtualMs, backups, failures });
    if (isBroken && untilBroken) break;
  }
  return sum;
}

export function added(one: SeedsOutcome, other: SeedsOutcome): SeedsOutcome {
  const backups: Record<string, number> = { ...one.backups };
  for (const [status, count] of Object.entries(other.backups)) {
    backups[status] = (backups[status] ?? 0) + count;
  }
  return {
    seeds: one.seeds + other.seeds,
    events: one.events + other.events,
    virtualMs: one.virtualMs + other.virtualMs,
    backups,
    failures: [...one.failures, ...other.failures],
  };
}

const noTrace = { trace: [] as readonly string[] };
