// Runs every contender on a directory, round by round, and takes the time and the size of what each made.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { wordsOf } from "@manman/core/fault.ts";
import type { Contender } from "./contenders.ts";
import type { MeasuredWorld } from "./worlds.ts";

const saidCharsMax = 2_000;

export type Measured = {
  readonly world: string;
  readonly contenders: readonly {
    readonly name: string;
    readonly seconds: readonly number[];
    /** Time of all cores, in the program and in the kernel: says more than the clock where others are at work too. */
    readonly cpuSeconds: readonly number[];
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
    cpuSeconds: [] as number[],
    sizeBytes: 0,
  }));
  const failures: string[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const turn = round % measured.length;
    for (const each of [...measured.slice(turn), ...measured.slice(0, turn)]) {
      const out = join(scratch, "archive");
      try {
        const { seconds, cpuSeconds } = await timesOf(each.contender, parent, name, out);
        each.sizeBytes = await bytesOf(out);
        if (round > 0) {
          each.seconds.push(seconds);
          each.cpuSeconds.push(cpuSeconds);
        }
      } catch (error) {
        if (round > 0) throw error;
        failures.push(wordsOf(error));
        measured = measured.filter((other) => other !== each);
      }
      await rm(out, { force: true, recursive: true });
    }
    say(`${title}: round ${round} of ${rounds}`);
  }
  return { world: title, contenders: measured, failures };
}

type Times = { readonly seconds: number; readonly cpuSeconds: number };

/** Of an archive, or of a repository with all that is in it. */
async function bytesOf(out: string): Promise<number> {
  const found = await stat(out);
  if (!found.isDirectory()) return found.size;
  const names = await readdir(out);
  const sizes = await Promise.all(names.map(async (name) => await bytesOf(join(out, name))));
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function timesOf(
  { name, command, prepare, environment }: Contender,
  parent: string,
  dir: string,
  out: string,
): Promise<Times> {
  const before = prepare === undefined ? "" : `{ ${prepare(parent, dir, out)}; } >&2 || exit; `;
  const timed = `${before}TIMEFORMAT='%R %U %S'; time { ${command(parent, dir, out)}; }`;
  const child = spawn("bash", ["-o", "pipefail", "-c", timed], {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-saidCharsMax);
  });
  const [status] = (await once(child, "close")) as [number | null];
  const lines = said.trimEnd().split("\n");
  const times = lines.pop() ?? "";
  if (status !== 0) throw new Error(`${name} ended with ${status}: ${lines.join(" ").trim()}`);
  const [seconds = 0, user = 0, system = 0] = times.split(" ").map(Number);
  return { seconds, cpuSeconds: user + system };
}
