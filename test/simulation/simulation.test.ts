// Promises under simulated faults: fresh seeds each time, and proof that the simulation repeats itself and finds what it is for.
import { randomInt } from "node:crypto";
import { expect, test } from "vitest";
import { defects, type DefectName } from "./defects.ts";
import { seedsUntilFound } from "./mutations.ts";
import { runSeed } from "./run-seed.ts";

const freshSeeds = 500;

test(`${freshSeeds} fresh seeds keep every promise`, async () => {
  const from = randomInt(1_000_000_000);
  console.log(`npm run simulate -- --from ${from} --seeds ${freshSeeds}`);
  const broken: string[] = [];
  for (let seed = from; seed < from + freshSeeds; seed += 1) {
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
