// Adds up what became of each fault point in a run of vitest. A point that should have run and did not has failed.
import { nameOf } from "./selection.ts";

/** The part of vitest's JSON report that is read here. */
export type PointReport = {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly title: string;
      readonly status: string;
      /** In milliseconds; missing for a test that never began. */
      readonly duration?: number | null;
      readonly failureMessages?: readonly string[] | null;
    }[];
  }[];
};

export type PointOutcome = {
  readonly name: string;
  readonly passed: number;
  readonly failed: number;
  /** Of the slowest run. */
  readonly secondsMost: number;
  /** The first lines of each failure. */
  readonly reasons: readonly string[];
};

/** One outcome for each name, in the order of the names. No report at all means that nothing ran. */
export function tallyPoints(
  names: readonly string[],
  repeat: number,
  report: PointReport | undefined,
): readonly PointOutcome[] {
  const results = (report?.testResults ?? []).flatMap((file) => file.assertionResults);
  const byName = Map.groupBy(results, ({ title }) => nameOf(title));
  return names.map((name) => {
    const runs = byName.get(name) ?? [];
    const passed = runs.filter(({ status }) => status === "passed").length;
    const failures = runs.filter(({ status }) => status === "failed");
    const missing = repeat - passed - failures.length;
    return {
      name,
      passed,
      failed: repeat - passed,
      secondsMost: Math.max(0, ...runs.map(({ duration }) => duration ?? 0)) / 1_000,
      reasons: [
        ...failures.map(({ failureMessages }) => failureMessages?.[0]?.split("\n")[0] ?? "unknown"),
        ...(missing > 0 ? [`did not run ${missing} of ${repeat} times`] : []),
      ],
    };
  });
}
