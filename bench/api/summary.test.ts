import { expect, test } from "vitest";
import { partNames, type PartName, type PartResult } from "./parts.ts";
import type { Round } from "./rounds.ts";
import { summarize } from "./summary.ts";

const part: PartResult = {
  callsPerSecond: 1_000,
  p50Ms: 10,
  p99Ms: 20,
  calls: 3_000,
  cpuMicros: { server: 100, postgres: 50, load: 40 },
  othersShare: 0,
};

/** A round in which all parts are alike but for those given. */
function round(
  claimedP50Ms: number,
  others: Partial<Record<PartName, Partial<PartResult>>>,
): Round {
  return {
    parts: Object.fromEntries(
      partNames.map((name) => [name, { ...part, ...others[name] }]),
    ) as Round["parts"],
    claims: { backups: 100, receivedP50Ms: 5, receivedP99Ms: 9, claimedP50Ms, claimedP99Ms: 50 },
    relayedShare: 1,
  };
}

test("an aim is met by the median round, not by the best", () => {
  const summary = summarize([
    round(10, { create: { callsPerSecond: 900 }, "list-game-many": { p50Ms: 11 } }),
    round(31, { create: { callsPerSecond: 590 }, "list-game-many": { p50Ms: 12 } }),
    round(40, { create: { callsPerSecond: 500 }, "list-game-many": { p50Ms: 13 } }),
  ]);
  expect(summary.createToInsert).toEqual({
    median: 0.59,
    least: 0.5,
    most: 0.9,
    aim: 0.6,
    isMet: false,
  });
  expect(summary.listGame).toEqual({ median: 1.2, least: 1.1, most: 1.3, aim: 1.2, isMet: true });
  expect(summary.claimedP50Ms).toEqual({
    median: 31,
    least: 10,
    most: 40,
    aim: 30,
    isMet: false,
  });
});

test("each part's figures are medians over the rounds", () => {
  const rates = [300, 100, 200].map((callsPerSecond) => round(10, { echo: { callsPerSecond } }));
  expect(summarize(rates).parts.echo).toEqual({
    callsPerSecond: 200,
    p50Ms: 10,
    p99Ms: 20,
    cpuMicros: { server: 100, postgres: 50, load: 40 },
    othersShare: 0,
  });
});
