// Runs every contender on a directory, round by round, and takes the time and the size of what each made.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { wordsOf } from "@manman/core/fault.ts";
import type { Contender } from "./contenders.ts";
import type { MeasuredWorld } from "./worlds.ts";

export type Measured = {
  readonly world: string;
  readonly contenders: readonly {
    readonly name: string;
    readonly seconds: readonly number[];
    readonly sizeBytes: number;
  }[];
  /** Why each of the others could not pack it. */
  readonly failures: readonly string[];
};

/**
 * Who cannot pack it (node-tar knows no names that are no text) is named and left out. The order turns from round to round, so that none always runs after the same one. A round before the
 * first warms the cache up.
 */
export async function measureWorld(
  { title, parent, name }: MeasuredWorld,
  contenders: readonly Contender[],
  rounds: number,
  scratch: string,
  say: (line: string) => void,
): Promise<Measured> {
  let measured = contenders.map((contender) => ({
    contender,
    name: contender.name,
    seconds: [] as number[],
    sizeBytes: 0,
  }));
  const failures: string[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const turn = round % measured.length;
    for (const each of [...measured.slice(turn), ...measured.slice(0, turn)]) {
      const out = join(scratch, "archive");
      try {
        const seconds = await secondsOf(each.contender, parent, name, out);
        each.sizeBytes = (await stat(out)).size;
        if (round > 0) each.seconds.push(seconds);
      } catch (error) {
        if (round > 0) throw error;
        failures.push(wordsOf(error));
        measured = measured.filter((other) => other !== each);
      }
      await rm(out, { force: true });
    }
    say(`${title}: round ${round} of ${rounds}`);
  }
  return { world: title, contenders: measured, failures };
}

async function secondsOf(
  { name, command, environment }: Contender,
  parent: string,
  dir: string,
  out: string,
): Promise<number> {
  const startedMs = performance.now();
  const child = spawn("bash", ["-o", "pipefail", "-c", command(parent, dir, out)], {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const [status] = (await once(child, "exit")) as [number | null];
  if (status !== 0) throw new Error(`${name} ended with ${status}`);
  return (performance.now() - startedMs) / 1_000;
}
