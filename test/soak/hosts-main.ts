// Several host managers in one process, to be killed together: the real host manager with its real bus, API, journal and runner, on a
// packer that works in the process itself.
import { randomUUID } from "node:crypto";
import { firstSignal } from "@manman/adapters/platform/first-signal.ts";
import { systemClock } from "@manman/adapters/platform/system-clock.ts";
import { openRabbitBus } from "@manman/adapters/rabbitmq/rabbit-bus.ts";
import { openS3Store } from "@manman/adapters/s3/s3-store.ts";
import { readEnvironment } from "@manman/contract/environment/environment-table.ts";
import {
  storeConfigOf,
  storeContradictions,
  storeVariables,
} from "@manman/contract/environment/store-variables.ts";
import { wordsOf } from "@manman/core/fault.ts";
import { controlPlaneApi } from "@manman/host-manager/control-plane-api.ts";
import { ProcessRunner } from "@manman/host-manager/games/process-runner.ts";
import { startHostManager, type HostManager } from "@manman/host-manager/host-manager.ts";
import { unlessAborted } from "@manman/host-manager/retry.ts";
import { stateDirOf } from "@manman/host-manager/state-dir.ts";
import pino from "pino";
import { hostProcessJob, jobVariable, type HostProcessJob } from "./host-processes.ts";
import { lightPacker } from "./light-packer.ts";

const packersMax = 4;
const log = pino();
const signal = firstSignal();
const job = hostProcessJob(process.env[jobVariable] ?? "");
const read = readEnvironment(storeVariables, process.env, () => "", storeContradictions);
if (read.mistakes !== undefined) throw new Error(read.mistakes.join("; "));
const location = { kind: "s3" as const, ...storeConfigOf(read.values) };
const packer = lightPacker({
  sender: openS3Store(location, Math.random),
  store: location,
  clock: systemClock,
  random: Math.random,
  delayMs: () => Math.random() * job.packDelayMsMost,
});

try {
  const hosts = await Promise.all(job.hosts.map(async (host) => await startedHost(host)));
  log.info({ hosts: hosts.length }, "ready");
  try {
    await unlessAborted(Promise.race(hosts.map(async ({ ended }) => await ended)), signal);
  } finally {
    await Promise.all(hosts.map(async (host) => await host.stop()));
  }
} catch (error) {
  if (!signal.aborted) {
    log.fatal({ why: wordsOf(error) }, "a host manager cannot go on");
    process.exit(1);
  }
}
process.exit(0);

async function startedHost({
  serverName,
  dataDir,
}: HostProcessJob["hosts"][number]): Promise<HostManager> {
  const hostLog = log.child({ host: serverName });
  return await startHostManager({
    config: {
      serverName,
      environment: job.environment,
      hostDataDir: dataDir,
      packersMax,
      stopGraceSeconds: 10,
    },
    bus: openRabbitBus({
      url: job.brokerUrl,
      name: `host manager ${serverName}`,
      nowMs: Date.now,
      random: Math.random,
    }),
    api: controlPlaneApi(job.apiAddress, null),
    runner: new ProcessRunner({
      sessionsDirectory: stateDirOf(dataDir).sessions,
      environment: {},
      nowMs: Date.now,
      onFault: (fault) => hostLog.error({ why: fault.message }, "games cannot be watched"),
    }),
    packer,
    random: Math.random,
    newId: randomUUID,
    clock: systemClock,
    log: hostLog,
    signal,
  });
}
