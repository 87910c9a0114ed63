// `npm run soak`: runs a soak on servers of its own, tells how it goes on, and closes with a report.
import { writeFileSync } from "node:fs";
import { firstSignal } from "@manman/adapters/platform/first-signal.ts";
import { wordsOf } from "@manman/core/fault.ts";
import { withCheckoutLock } from "../../scripts/services/checkout-lock.ts";
import { namedServers } from "../../scripts/services/server-environment.ts";
import { endAbandonedRecords, endRecord } from "../../scripts/services/server-record.ts";
import { startServers } from "../../scripts/services/start-servers.ts";
import { help, parseCommandLine, type Options } from "./command-line.ts";
import { reportText } from "./soak-report.ts";
import { Soak } from "./soak.ts";

/** With the time since the start, so that somebody who waits sees how it goes on. */
function say(line: string): void {
  process.stdout.write(`${String(Math.round(performance.now() / 1_000)).padStart(5)} s: ${line}\n`);
}

/** Names an object store in the environment: the one that is named there, or one for this run. Returns what ends it. */
async function ensureStore(): Promise<() => Promise<void>> {
  const { s3 } = namedServers(process.env);
  if (s3 !== undefined) {
    Object.assign(process.env, s3);
    return async () => {};
  }
  return await withCheckoutLock(async () => {
    await endAbandonedRecords();
    const record = await startServers(["s3"], false);
    Object.assign(process.env, record.environment);
    return async () => await endRecord(record);
  });
}

async function run({ soak: options, json, reportPath, keepsLogs }: Options): Promise<number> {
  const signal = firstSignal(() => say("the load is ended early"));
  const endStore = await ensureStore();
  try {
    const soak = await Soak.open(options, say);
    let isClean = false;
    try {
      const report = await soak.run(signal);
      isClean = report.differences.length === 0;
      const asJson = `${JSON.stringify(report, undefined, 2)}\n`;
      if (reportPath !== null) writeFileSync(reportPath, asJson);
      process.stdout.write(json ? asJson : `${reportText(report)}\n`);
      return isClean ? 0 : 1;
    } finally {
      const keeps = keepsLogs || !isClean;
      if (keeps) say(`the programs' logs are in ${soak.deployment.logDir}`);
      await soak.close(keeps);
    }
  } finally {
    await endStore();
  }
}

async function main(): Promise<number> {
  const commandLine = parseCommandLine(process.argv.slice(2));
  if ("help" in commandLine) {
    process.stdout.write(help);
    return 0;
  }
  if ("mistakes" in commandLine) {
    process.stderr.write(commandLine.mistakes.map((mistake) => `${mistake}\n`).join(""));
    return 2;
  }
  return await run(commandLine.options);
}

// Ended outright: after thousands of broken connections, Node 24 may wait for ever for the last of them to be cleaned up.
try {
  process.exit(await main());
} catch (error) {
  process.stderr.write(`soak: ${wordsOf(error)}\n`);
  process.exit(1);
}
