// Looks for the first seed that finds a planted defect.
import type { Defect } from "./defects.ts";
import { runSeed, type RunResult } from "./run-seed.ts";

/** Null where none of so many seeds finds it. */
export async function seedsUntilFound(
  defect: Defect,
  { from, seedsMax }: { readonly from: number; readonly seedsMax: number },
): Promise<RunResult | null> {
  for (let seed = from; seed < from + seedsMax; seed += 1) {
    const result = await runSeed(seed, { defect });
    if (result.broken.length > 0) return result;
  }
  return null;
}
