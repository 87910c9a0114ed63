// Measures the gRPC API of a control plane beside two floors on the same machine; `npm run bench:api -- --help`.
import { wordsOf } from "@manman/core/fault.ts";
import { help, parseCommandLine, type Options } from "./api/command-line.ts";
import { startDeployment } from "./api/deployment.ts";
import { startFloor } from "./api/floor.ts";
import { machineFacts } from "./api/machine-facts.ts";
import { startMeasuredServers } from "./api/measured-servers.ts";
import { reportOf } from "./api/report.ts";
import { measureRounds } from "./api/rounds.ts";
import { summarize } from "./api/summary.ts";

/** Calls a second that no server here reaches: so many games are there for CreateBackup. */
const creationsPerSecondMost = 8_000;

async function run(options: Options, ends: AsyncDisposableStack): Promise<void> {
  const { seconds, profileDir } = options;
  const servers = await startMeasuredServers(ends);
  say("servers are up");
  const asked = {
    name: "many",
    records: options.records,
    gamesLeast: seconds * creationsPerSecondMost,
    takesBackups: true,
    profileDir,
  };
  const many = await startDeployment(servers, asked, ends);
  const fewAsked = { ...asked, name: "few", records: 1_000, gamesLeast: 10, takesBackups: false };
  const few = await startDeployment(servers, fewAsked, ends);
  const { fleet, brokerUrl } = many;
  const echo = await startFloor("echo", fleet.databaseUrl, servers, profileDir, ends);
  const insert = await startFloor("insert", fleet.databaseUrl, servers, profileDir, ends);
  say(`${fleet.records} records of ${fleet.games} games on ${fleet.hosts} hosts are there`);
  const { postgresPid } = servers;
  const rounds = await measureRounds({ postgresPid, echo, insert, few, many }, options, say);
  const facts = await machineFacts(servers.record.dir, fleet.databaseUrl, brokerUrl);
  const summary = summarize(rounds);
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ options, facts, summary, rounds })}\n`
      : `${reportOf(summary, facts, options)}\n`,
  );
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
  await using ends = new AsyncDisposableStack();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      say("ending");
      void ends.disposeAsync().finally(() => process.exit(130));
    });
  }
  try {
    await run(commandLine.options, ends);
    return 0;
  } catch (error) {
    // What is measured fails where a signal has ended it.
    if (ends.disposed) return 130;
    throw error;
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`bench:api: ${wordsOf(error)}\n`);
  process.exitCode = 1;
}
