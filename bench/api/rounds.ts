// Measures in rounds: every part once in each, so that what slows the machine for a while slows all parts alike.
import { wordsOf } from "@manman/core/fault.ts";
import { measureClaims, type ClaimDelays } from "./claims.ts";
import { commandsWaiting } from "./fleet.ts";
import { measurePart, partNames, type Measured, type PartName, type PartResult } from "./parts.ts";

export type Round = {
  readonly parts: Readonly<Record<PartName, PartResult>>;
  readonly claims: ClaimDelays;
  /** Of the commands of the CreateBackup part, the share that the broker had when the part ended; from 0 to 1. */
  readonly relayedShare: number;
};

/** One round to warm up, which is not returned, and then the measured ones. */
export async function measureRounds(
  measured: Measured,
  { rounds, seconds }: { readonly rounds: number; readonly seconds: number },
  say: (line: string) => void,
): Promise<readonly Round[]> {
  await measureRound(measured, seconds);
  say("warmed up");
  const results: Round[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const result = await measureRound(measured, seconds);
    results.push(result);
    const rates = Object.entries(result.parts).map(
      ([name, { callsPerSecond }]) => `${name} ${Math.round(callsPerSecond)}/s`,
    );
    say(`round ${round} of ${rounds}: ${rates.join(", ")}`);
  }
  return results;
}

async function measureRound(measured: Measured, seconds: number): Promise<Round> {
  const { many } = measured;
  const results: Partial<Record<PartName, PartResult>> = {};
  let relayedShare = 0;
  for (const name of partNames) {
    const result = await named(name, async () => await measurePart(name, measured, seconds));
    results[name] = result;
    if (name === "create") relayedShare = 1 - (await commandsWaiting(many.fleet)) / result.calls;
    if (name === "insert" || name === "create") await many.clear();
  }
  const claims = await named("claims", async () => await measureClaims(many, seconds));
  await many.clear();
  // Each part of the table was measured.
  return { parts: results as Record<PartName, PartResult>, claims, relayedShare };
}

async function named<T>(part: string, measure: () => Promise<T>): Promise<T> {
  try {
    return await measure();
  } catch (error) {
    throw new Error(`${part}: ${wordsOf(error)}`, { cause: error });
  }
}
