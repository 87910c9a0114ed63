// The host manager's process: reads the environment, puts the real parts together, and ends in order when it is told to.
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { firstSignal } from "@manman/adapters/platform/first-signal.ts";
import { systemClock } from "@manman/adapters/platform/system-clock.ts";
import { openRabbitBus } from "@manman/adapters/rabbitmq/rabbit-bus.ts";
import { wordsOf } from "@manman/core/fault.ts";
import pino from "pino";
import { configHelp, readConfig, type ProcessConfig } from "./config.ts";
import { controlPlaneApi } from "./control-plane-api.ts";
import { gameEnvironment } from "./games/game-environment.ts";
import { ProcessRunner } from "./games/process-runner.ts";
import { startHostManager } from "./host-manager.ts";
import { packerProcess } from "./packer/packer-process.ts";
import { unlessAborted } from "./retry.ts";
import { stateDirOf } from "./state-dir.ts";

if (process.argv.includes("--help")) {
  process.stdout.write(configHelp(hostname()));
  process.exit(0);
}
const reading = readConfig(process.env, hostname(), (path) => readFileSync(path, "utf8"));
if (reading.mistakes !== undefined) {
  process.stderr.write(`the configuration is wrong:\n  ${reading.mistakes.join("\n  ")}\n`);
  process.exit(2);
}
const log = pino({ level: reading.config.logLevel });
const signalled = firstSignal();
try {
  await run(reading.config, signalled);
} catch (error) {
  if (!signalled.aborted) {
    log.fatal({ why: wordsOf(error) }, "the host manager cannot go on");
    process.exit(1);
  }
}
log.info({ why: wordsOf(signalled.reason) }, "stopped");
process.exit(0);

/** Resolves once the signal has ended it; rejects when it cannot go on. */
async function run(config: ProcessConfig, signal: AbortSignal): Promise<void> {
  const { serverName, hostDataDir } = config.host;
  const bus = openRabbitBus({
    url: config.brokerUrl,
    name: `host manager ${serverName}`,
    nowMs: Date.now,
    random: Math.random,
  });
  const api = controlPlaneApi(config.apiAddress, config.token);
  const runner = new ProcessRunner({
    sessionsDirectory: stateDirOf(hostDataDir).sessions,
    environment: gameEnvironment(process.env),
    nowMs: Date.now,
    onFault: (fault) => log.error({ why: fault.message }, "games cannot be watched"),
  });
  try {
    const hostManager = await startHostManager({
      config: config.host,
      bus,
      api,
      runner,
      packer: packerProcess(config.packer),
      random: Math.random,
      newId: randomUUID,
      clock: systemClock,
      log,
      signal,
    });
    log.info({ server_id: hostManager.serverId }, "ready");
    try {
      await unlessAborted(hostManager.ended, signal);
    } finally {
      await hostManager.stop();
    }
  } finally {
    await Promise.all([runner.close(), bus.close()]);
    api.close();
  }
}
