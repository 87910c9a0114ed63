// What a soak has found, as figures for programs and as text for people.
import type { ProcessSample } from "./growth.ts";
import type { Asked, Recorded } from "./ledger.ts";

export type SoakReport = {
  readonly seed: number;
  readonly faults: "everything" | "cuts";
  readonly minutes: number;
  readonly requests: number;
  readonly acknowledged: number;
  readonly refused: number;
  /** Answers that were lost, after each of which the call was made again. */
  readonly lostAnswers: number;
  /** Backups by how they ended. */
  readonly ended: Readonly<Record<string, number>>;
  /** Failed ones by their code. */
  readonly failures: Readonly<Record<string, number>>;
  /** Backups that took more than one attempt. */
  readonly retried: number;
  /** Watches that heard everything to the end. */
  readonly watches: number;
  readonly faultCounts: Readonly<Record<string, number>>;
  /** From the request to the end, of the slowest backup and of the median one. */
  readonly slowestBackupSeconds: number;
  readonly medianBackupSeconds: number;
  /** What happened to the slowest one, an event a line. */
  readonly slowestBackupEvents: readonly string[];
  /** From the end of the load, with everything healed, until nothing was under way. */
  readonly settledAfterSeconds: number;
  /** What each measured process held after it had warmed up, and at the end; empty where none was measured. */
  readonly samples: readonly { readonly before: ProcessSample; readonly after: ProcessSample }[];
  /** One sentence for each; none where everything is as promised. */
  readonly differences: readonly string[];
};

export function figuresOf(
  asked: Asked,
  records: readonly Recorded[],
): Pick<
  SoakReport,
  | "requests"
  | "acknowledged"
  | "refused"
  | "ended"
  | "failures"
  | "retried"
  | "watches"
  | "slowestBackupSeconds"
  | "medianBackupSeconds"
> {
  const seconds = bySlowness(records).map(secondsOf);
  return {
    requests: asked.backups.length,
    acknowledged: asked.backups.filter(({ answeredIds }) => answeredIds.length > 0).length,
    refused: asked.backups.filter(({ isRefused }) => isRefused).length,
    ended: countedBy(records, ({ status }) => status),
    failures: countedBy(
      records.filter(({ status }) => status === "failed"),
      ({ errorCode }) => errorCode,
    ),
    retried: records.filter(({ attempt }) => attempt > 1).length,
    watches: asked.watches.length,
    slowestBackupSeconds: seconds[0] ?? 0,
    medianBackupSeconds: seconds[Math.floor(seconds.length / 2)] ?? 0,
  };
}

/** The slowest backup; undefined where none has ended. */
export function slowestOf(records: readonly Recorded[]): Recorded | undefined {
  return bySlowness(records)[0];
}

function bySlowness(records: readonly Recorded[]): readonly Recorded[] {
  return records
    .filter(({ finishedAt }) => finishedAt > 0n)
    .toSorted((a, b) => secondsOf(b) - secondsOf(a));
}

function secondsOf({ createdAt, finishedAt }: Recorded): number {
  return Number(finishedAt - createdAt);
}

function countedBy<T>(all: readonly T[], nameOf: (one: T) => string): Record<string, number> {
  const groups = Map.groupBy(all, nameOf);
  return Object.fromEntries([...groups].map(([name, of]) => [name, of.length]));
}

/** Differences beyond so many are counted and not told. */
const differencesToldMax = 50;

export function reportText(report: SoakReport): string {
  const { differences, samples } = report;
  const told = differences.slice(0, differencesToldMax).map((one) => `  ${one}`);
  const more = differences.length - told.length;
  const lines = [
    `soak of ${report.minutes} minutes, seed ${report.seed}, faults: ${report.faults}`,
    `requests: ${report.requests}, acknowledged ${report.acknowledged}, refused ${report.refused}; ${report.lostAnswers} answers were lost and asked for again`,
    `backups: ${countsText(report.ended)}; ${report.retried} took more than one attempt`,
    `failed: ${countsText(report.failures)}`,
    `watched to the end: ${report.watches}`,
    `faults: ${countsText(report.faultCounts)}`,
    `a backup took ${report.medianBackupSeconds} s (median), ${report.slowestBackupSeconds} s at most; all were over ${report.settledAfterSeconds.toFixed(1)} s after the last fault`,
    "the slowest one:",
    ...report.slowestBackupEvents.map((event) => `  ${event}`),
    ...samples.flatMap(({ before, after }) => sampleLines(before, after)),
    differences.length === 0
      ? "the ledgers agree, and nothing is left behind"
      : `${differences.length} differences:`,
    ...told,
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
  return lines.join("\n");
}

function countsText(counts: Readonly<Record<string, number>>): string {
  const words = Object.entries(counts).map(([name, count]) => `${name} ${count}`);
  return words.length === 0 ? "none" : words.join(", ");
}

function sampleLines(before: ProcessSample, after: ProcessSample): readonly string[] {
  const heap = `heap ${megabytes(before.heapBytes)} -> ${megabytes(after.heapBytes)}`;
  const handles = `descriptors ${before.descriptors} -> ${after.descriptors}, resources ${before.resources} -> ${after.resources}, timers ${before.timers} -> ${after.timers}`;
  const resident = `resident ${megabytes(before.residentBytes)} -> ${megabytes(after.residentBytes)}`;
  return [`${before.name}: ${heap}, ${handles} (${resident})`];
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
