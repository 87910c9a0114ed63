// Promises under simulated faults, and proof that the simulation repeats itself and finds what it is for.
import { expect, test } from "vitest";
import { defects, type DefectName } from "./defects.ts";
import { seedsUntilFound } from "./mutations.ts";
import { runSeed } from "./run-seed.ts";

const seedsRun = 500;
/** Seeds that have been gone through before: a gate must not turn red by chance. SIMULATE_FROM takes others. */
const firstSeed = Number(process.env["SIMULATE_FROM"] ?? "20000");

test(`${seedsRun} seeds keep every promise`, async () => {
  const broken: string[] = [];
  for (let seed = firstSeed; seed < firstSeed + seedsRun; seed += 1) {
    const result = await runSeed(seed);
    const replay = `npm run simulate -- --from ${seed} --seeds 1 --trace`;
    broken.push(...result.broken.map((promise) => `${replay}: ${promise}`));
  }
  expect(broken).toEqual([]);
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

test.each(Object.keys(defects) as DefectName[])("is found: %s", async (name) => {
  const found = await seedsUntilFound(defects[name], { from: 1, seedsMax: 500 });
  expect(found?.broken[0]).toMatch(/^[a-z ]+: /);
});
