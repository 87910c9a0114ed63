// Promises under simulated faults, and proof that the simulation repeats itself and finds what it is for.
import { randomInt } from "node:crypto";
import { expect, test } from "vitest";
import { defects, type DefectName } from "./defects.ts";
import { runSeed } from "./run-seed.ts";
import { runChunk } from "./seed-chunk.ts";

const seedsRun = 500;
/** New ones each time: what no seed has come upon yet is found by and by. SIMULATE_FROM names the first, to see a run again. */
const firstSeed = Number(process.env["SIMULATE_FROM"] ?? randomInt(1_000_000, 1_000_000_000));

test(`${seedsRun} seeds from ${firstSeed} keep every promise`, async () => {
  const run = { from: firstSeed, seeds: seedsRun, defect: null, untilBroken: false };
  const { failures } = await runChunk(run);
  const broken = failures.flatMap(({ seed, broken: promises }) =>
    promises.map((one) => `npm run simulate -- --from ${seed} --seeds 1 --trace: ${one}`),
  );
  expect(broken).toEqual([]);
});

test.each([
  ["a broker takes the start of a session before the stop of the one that it follows", 2181],
  ["another stop of a session goes out before the start of the next one", 40_041],
  ["a consumer dies while it ends, with a report in hand", 2563],
  ["two host managers want one name, and an operator gives it to the second", 199],
  ["journal entries are torn, and dead letters are replayed", 239],
  ["a server is given away once more while its host manager is at work", 41_743],
  ["a backup that its watcher found at rest is being deleted a moment later", 43_903],
])("%s: seed %i keeps every promise", async (_, seed) => {
  expect((await runSeed(seed)).broken).toEqual([]);
});

test.each([3, 16, 29, 1_012])("seed %i takes the same course each time", async (seed) => {
  const [once, again] = [await runSeed(seed), await runSeed(seed)];
  expect(again).toEqual(once);
  expect(once.events).toBeGreaterThan(1_000);
});

test("different seeds take different courses", async () => {
  const digests = [];
  for (const seed of [1, 2, 3]) digests.push((await runSeed(seed)).digest);
  expect(new Set(digests).size).toBe(3);
});

test.each(Object.keys(defects) as DefectName[])("is found: %s", async (defect) => {
  const { failures } = await runChunk({ from: 1, seeds: 500, defect, untilBroken: true });
  expect(failures[0]?.broken[0]).toMatch(/^[a-z ]+: /);
});
