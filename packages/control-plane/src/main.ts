// The control plane as a process: reads the environment, opens what lies outside, and ends in order on a signal.
import { readFileSync } from "node:fs";
import { aborted, firstSignal } from "@manman/adapters/platform/first-signal.ts";
import { systemClock } from "@manman/adapters/platform/system-clock.ts";
import { migrate } from "@manman/adapters/postgres/migrate.ts";
import { openRecords } from "@manman/adapters/postgres/records.ts";
import { openRabbitBus } from "@manman/adapters/rabbitmq/rabbit-bus.ts";
import { openS3Store } from "@manman/adapters/s3/s3-store.ts";
import { environmentHelp } from "@manman/contract/environment/environment-table.ts";
import { repeatWhileAway } from "@manman/core/repeat-while-away.ts";
import { pino } from "pino";
import { BucketRefused } from "./bucket-keeper.ts";
import { readConfig, variables, type ProcessConfig } from "./config.ts";
import { startControlPlane } from "./control-plane.ts";
import { logFailure, type Log } from "./log.ts";
import { within } from "./within.ts";

const usage = `Runs the control plane of ManMan Backup until SIGTERM or SIGINT.

Usage: node packages/control-plane/src/main.ts [--help]

Environment variables:
${environmentHelp(variables)}
`;

const exitMisuse = 2;
/** Starting it again does not help before somebody has decided whose bucket it is. */
const exitBucketRefused = 3;
/** After the control plane has stopped, which takes 8 s at most: 10 s in all. */
const closeWithinMs = 2_000;
/** At the start of a whole deployment nobody knows what comes up first. */
const migrationBackoff = { firstMs: 500, mostMs: 5_000 };

await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<void> {
  if (args[0] === "--help") {
    process.stdout.write(usage);
    return;
  }
  const config = configured(args);
  if (config === null) return;
  const log = pino({ level: config.logLevel, base: { part: "control-plane" } });
  const signal = firstSignal((name) => log.info({ signal: name }, "stopping"));
  try {
    await run(config, log, signal);
    process.exit(0);
  } catch (error) {
    if (signal.aborted && error === signal.reason) process.exit(0);
    if (error instanceof BucketRefused) {
      log.error({ why: error.message }, "the bucket is refused");
      process.exit(exitBucketRefused);
    }
    log.error({ err: error }, "the control plane could not go on");
    process.exit(1);
  }
}

/** The configuration, or null after every mistake in it was told. */
function configured(args: readonly string[]): ProcessConfig | null {
  const unknown = args.map((argument) => `${argument}: is not an option; see --help`);
  const read = readConfig(process.env, (path) => readFileSync(path, "utf8"));
  const mistakes = [...unknown, ...(read.mistakes ?? [])];
  if (read.mistakes === undefined && mistakes.length === 0) return read.config;
  process.stderr.write(mistakes.map((mistake) => `${mistake}\n`).join(""));
  process.exitCode = exitMisuse;
  return null;
}

/** Resolves once the signal has ended it, or rejects with the signal's reason; any other error is one that it could not go on with. */
async function run(config: ProcessConfig, log: Log, signal: AbortSignal): Promise<void> {
  const migrated = await repeatWhileAway(
    async () => await migrate(config.databaseUrl),
    { clock: systemClock, random: Math.random, backoff: migrationBackoff, signal },
    (fault, failures) =>
      logFailure(log, { failures }, fault, "the database cannot be migrated as yet"),
  );
  log.info({ migrations: migrated }, "the database is up to date");
  const name = "manman control plane";
  const records = openRecords({ url: config.databaseUrl });
  const bus = openRabbitBus({ url: config.brokerUrl, name, nowMs: Date.now, random: Math.random });
  const store = openS3Store(config.store, Math.random);
  const close = async (): Promise<true> => {
    await Promise.all([bus.close(), records.close()]);
    store.close();
    return true;
  };
  try {
    const parts = {
      records,
      bus,
      store,
      listing: store,
      clock: systemClock,
      random: Math.random,
      log,
    };
    const controlPlane = await startControlPlane({ ...parts, config: config.controlPlane });
    void controlPlane.ready.then(() => log.info({}, "ready"));
    try {
      await Promise.race([aborted(signal), controlPlane.refused]);
    } finally {
      await controlPlane.stop();
    }
  } finally {
    const closed = await within(systemClock, closeWithinMs, close());
    if (closed === undefined) log.warn({}, "ends with connections open: no answer on them");
  }
}
