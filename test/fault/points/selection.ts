// Which points run, and how often: all of them once, unless `npm run test:fault` says otherwise in the environment.

export type Selection = {
  /** How often each point runs. */
  readonly repeat: number;
  /** The part of the points, from 1, and of how many. */
  readonly shard: { readonly number: number; readonly of: number };
  /** Of the names; null takes them all. */
  readonly only: RegExp | null;
};

export const all: Selection = { repeat: 1, shard: { number: 1, of: 1 }, only: null };

const variable = "MANMAN_FAULT_POINTS";

export function selectionToEnvironment({ repeat, shard, only }: Selection): Record<string, string> {
  return { [variable]: JSON.stringify({ repeat, shard, only: only?.source ?? null }) };
}

/** What the environment says; all points once where it says nothing. */
export function selectionFrom(
  environment: Readonly<Record<string, string | undefined>>,
): Selection {
  const text = environment[variable];
  if (text === undefined) return all;
  const { only, ...rest } = JSON.parse(text) as Omit<Selection, "only"> & { only: string | null };
  return { ...rest, only: only === null ? null : new RegExp(only, "i") };
}

/** Those of the whole table that run. Each belongs to one shard, and neighbours to different ones, since they take about as long. */
export function selected<Point extends { readonly name: string }>(
  points: readonly Point[],
  { shard, only }: Selection,
): readonly Point[] {
  return points.filter(
    ({ name }, at) => at % shard.of === shard.number - 1 && (only === null || only.test(name)),
  );
}

/** The name of a point's test: with its round from the second one on. */
export function titleOf(name: string, round: number): string {
  return round === 1 ? name : `${name} (round ${round})`;
}

/** The point's name in the title of a test. */
export function nameOf(title: string): string {
  return title.replace(/ \(round \d+\)$/, "");
}
