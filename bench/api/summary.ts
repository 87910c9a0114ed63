// Sums rounds up: medians, ratios within each round, and whether they meet the aims.
import {
  median,
  medianFigures,
  ratiosByRound,
  spreadOf,
  type Figures,
  type Spread,
} from "./figures.ts";
import { partNames, type CpuMicros, type PartName } from "./parts.ts";
import type { Round } from "./rounds.ts";

type PartSummary = Figures & { readonly cpuMicros: CpuMicros; readonly othersShare: number };

/** A figure with what is aimed at. */
export type Aimed = Spread & { readonly aim: number; readonly isMet: boolean };

export type Summary = {
  readonly parts: Readonly<Record<PartName, PartSummary>>;
  /** CreateBackup's rate as a share of the floor's. */
  readonly createToEcho: Spread;
  readonly createToInsert: Aimed;
  /** The median time of a page with many records as a multiple of that with few. */
  readonly listGame: Aimed;
  readonly listAll: Aimed;
  /** Milliseconds from CreateBackup's answer. */
  readonly receivedP50Ms: Spread;
  readonly receivedP99Ms: Spread;
  readonly claimedP50Ms: Aimed;
  readonly claimedP99Ms: Spread;
  readonly relayedShare: Spread;
};

export function summarize(rounds: readonly Round[]): Summary {
  const ofParts = <T>(name: PartName, pick: (part: Round["parts"][PartName]) => T): T[] =>
    rounds.map(({ parts }) => pick(parts[name]));
  const rates = (name: PartName): number[] => ofParts(name, (part) => part.callsPerSecond);
  const times = (name: PartName): number[] => ofParts(name, (part) => part.p50Ms);
  const part = (name: PartName): PartSummary => ({
    ...medianFigures(ofParts(name, (figures) => figures)),
    cpuMicros: {
      server: median(ofParts(name, ({ cpuMicros }) => cpuMicros.server)),
      postgres: median(ofParts(name, ({ cpuMicros }) => cpuMicros.postgres)),
      load: median(ofParts(name, ({ cpuMicros }) => cpuMicros.load)),
    },
    othersShare: median(ofParts(name, ({ othersShare }) => othersShare)),
  });
  const ofClaims = (pick: (claims: Round["claims"]) => number): Spread =>
    spreadOf(rounds.map(({ claims }) => pick(claims)));
  return {
    // Each name of the list has its part.
    parts: Object.fromEntries(partNames.map((name) => [name, part(name)])) as Record<
      PartName,
      PartSummary
    >,
    createToEcho: ratiosByRound(rates("create"), rates("echo")),
    createToInsert: atLeast(0.6, ratiosByRound(rates("create"), rates("insert"))),
    listGame: atMost(1.2, ratiosByRound(times("list-game-many"), times("list-game-few"))),
    listAll: atMost(1.2, ratiosByRound(times("list-all-many"), times("list-all-few"))),
    receivedP50Ms: ofClaims(({ receivedP50Ms }) => receivedP50Ms),
    receivedP99Ms: ofClaims(({ receivedP99Ms }) => receivedP99Ms),
    claimedP50Ms: atMost(
      30,
      ofClaims(({ claimedP50Ms }) => claimedP50Ms),
    ),
    claimedP99Ms: ofClaims(({ claimedP99Ms }) => claimedP99Ms),
    relayedShare: spreadOf(rounds.map(({ relayedShare }) => relayedShare)),
  };
}

function atLeast(aim: number, spread: Spread): Aimed {
  return { ...spread, aim, isMet: spread.median >= aim };
}

function atMost(aim: number, spread: Spread): Aimed {
  return { ...spread, aim, isMet: spread.median <= aim };
}
