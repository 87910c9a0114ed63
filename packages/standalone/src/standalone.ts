// Puts control plane and host manager together in one process on embedded parts. They are the same as everywhere; only this wiring differs.
import { randomUUID } from "node:crypto";
import { openFolderStore } from "@manman/adapters/filesystem/folder-store.ts";
import { openInProcessBus } from "@manman/adapters/in-process/in-process-bus.ts";
import { systemClock } from "@manman/adapters/platform/system-clock.ts";
import { startEmbeddedPostgres } from "@manman/adapters/postgres/embedded-postgres.ts";
import { migrate } from "@manman/adapters/postgres/migrate.ts";
import { openRecords } from "@manman/adapters/postgres/records.ts";
import { defaultBackupLimits } from "@manman/core/backup/limits.ts";
import { defaultSurveyLimits } from "@manman/core/bucket-survey.ts";
import { startControlPlane } from "@manman/control-plane/control-plane.ts";
import { controlPlaneApi } from "@manman/host-manager/control-plane-api.ts";
import { gameEnvironment } from "@manman/host-manager/games/game-environment.ts";
import { ProcessRunner } from "@manman/host-manager/games/process-runner.ts";
import { startHostManager } from "@manman/host-manager/host-manager.ts";
import { packerProcess } from "@manman/host-manager/packer/packer-process.ts";
import { stateDirOf } from "@manman/host-manager/state-dir.ts";
import type { Logger } from "pino";
import { freePort } from "./free-port.ts";
import type { Home } from "./home.ts";

export type Standalone = {
  /** `127.0.0.1:port` of the gRPC server. */
  readonly address: string;
  readonly serverId: bigint;
  /** Where the archive of an object key lies. */
  readonly archivePath: (s3Url: string) => string;
  /** Rejects when the host manager cannot go on, or with BucketRefused when the store is another installation's. */
  readonly ended: Promise<void>;
  /** Ends everything but the games, last opened first. */
  readonly stop: () => Promise<void>;
};

export type StandaloneOptions = {
  readonly home: Home;
  readonly port: number;
  /** Null: callers need none. */
  readonly token: string | null;
  /** The installation whose store is to become this one's; null for none. */
  readonly adoptBucket: string | null;
  readonly log: Logger;
  /** What games are given of the environment is chosen from this. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Told what is being done, for a person who waits. */
  readonly onStep: (step: string) => void;
};

export const environmentName = "local";
const heartbeatMs = 5_000;
const partSizeBytes = 8 * 1024 * 1024;

export async function startStandalone(options: StandaloneOptions): Promise<Standalone> {
  const closing: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const close of closing.toReversed()) await close();
    closing.length = 0;
  };
  try {
    return { ...(await assemble(options, closing)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function assemble(
  { home, port, token, adoptBucket, log, environment, onStep }: StandaloneOptions,
  closing: (() => Promise<void>)[],
): Promise<Omit<Standalone, "stop">> {
  onStep("starting PostgreSQL");
  const postgres = await startEmbeddedPostgres({ dataDir: home.postgres, port: await freePort() });
  closing.push(postgres.stop);
  await migrate(postgres.url);
  const records = openRecords({ url: postgres.url });
  closing.push(async () => await records.close());
  const store = await openFolderStore({ root: home.store, nowMs: Date.now, newId: randomUUID });
  closing.push(async () => store.close());
  const bus = openInProcessBus({
    random: Math.random,
    nowMs: Date.now,
    onDeadLetter: (reason, { routingKey, messageId }) => {
      log.warn({ reason, routing_key: routingKey, message_id: messageId }, "dead letter");
    },
  });
  closing.push(async () => await bus.close());

  onStep("starting the control plane");
  const controlPlane = await startControlPlane({
    config: {
      listenHost: "127.0.0.1",
      port,
      token,
      heartbeatMs,
      limits: defaultBackupLimits,
      survey: defaultSurveyLimits,
      adoptBucket,
    },
    records,
    bus,
    store,
    listing: store,
    clock: systemClock,
    random: Math.random,
    log: log.child({ part: "control-plane" }),
  });
  closing.push(controlPlane.stop);
  await controlPlane.ready;

  onStep("starting the host manager");
  const api = controlPlaneApi(controlPlane.address, token);
  closing.push(async () => api.close());
  const hostLog = log.child({ part: "host-manager" });
  const runner = new ProcessRunner({
    sessionsDirectory: stateDirOf(home.host).sessions,
    environment: gameEnvironment(environment),
    nowMs: Date.now,
    onFault: (fault) => hostLog.error({ why: fault.message }, "games cannot be watched"),
  });
  closing.push(async () => await runner.close());
  const hostManager = await startHostManager({
    config: {
      serverName: "standalone",
      environment: environmentName,
      hostDataDir: home.host,
      packersMax: 2,
      stopGraceSeconds: 10,
    },
    bus,
    api,
    runner,
    packer: packerProcess({
      store: { kind: "folder", root: home.store },
      partSizeBytes,
      compressionLevel: 6,
      workers: null,
      readBytesPerSecondMax: null,
      compileCacheDir: stateDirOf(home.host).compileCache,
      stallMs: 600_000,
    }),
    random: Math.random,
    newId: randomUUID,
    clock: systemClock,
    log: hostLog,
  });
  closing.push(async () => await hostManager.stop());
  return {
    address: controlPlane.address,
    serverId: hostManager.serverId,
    archivePath: (url) => (url.startsWith("file:") ? new URL(url).pathname : url),
    ended: Promise.race([hostManager.ended, controlPlane.refused]),
  };
}
