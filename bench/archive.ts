// Measures how fast and how small archives are made beside the tools that people use today; `npm run bench:archive -- --help`.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { wordsOf } from "@manman/core/fault.ts";
import { help, parseCommandLine, type Options } from "./archive/command-line.ts";
import { contenders } from "./archive/contenders.ts";
import { hostFacts } from "./archive/host-facts.ts";
import { measureWorld } from "./archive/measure-world.ts";
import { reportOf } from "./archive/report.ts";
import { worldsOf } from "./archive/worlds.ts";

async function run(options: Options): Promise<void> {
  const scratch = await mkdtemp(join(options.scratchDir ?? tmpdir(), "bench-archive-"));
  try {
    const { ready, missing } = await contenders(scratch);
    const measured = [];
    for (const world of worldsOf(options, scratch)) {
      measured.push(await measureWorld(world, ready, options.rounds, scratch, say));
    }
    process.stdout.write(`${reportOf(measured, missing, hostFacts(), options.rounds)}\n`);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** With the time since the start, so that somebody who waits sees how it goes on. */
function say(line: string): void {
  process.stderr.write(`${Math.round(performance.now() / 1_000)} s: ${line}\n`);
}

async function main(): Promise<number> {
  const commandLine = parseCommandLine(process.argv.slice(2));
  if ("help" in commandLine) {
    process.stdout.write(help);
    return 0;
  }
  if ("mistakes" in commandLine) {
    process.stderr.write(`${commandLine.mistakes.join("\n")}\n`);
    return 2;
  }
  await run(commandLine.options);
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`bench:archive: ${wordsOf(error)}\n`);
  process.exitCode = 1;
}
