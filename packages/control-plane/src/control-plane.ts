// Puts the control plane together out of its parts: the RPCs, and everything that goes on behind them.
import type { BackupLimits } from "@manman/core/backup/limits.ts";
import type { SurveyLimits } from "@manman/core/bucket-survey.ts";
import type { BucketListing, Bus, Clock, Records, UploadControl } from "@manman/core/ports.ts";
import { guardedStore, startBucketKeeper } from "./bucket-keeper.ts";
import { startBucketSurvey } from "./bucket-survey.ts";
import { completeBackup } from "./completion.ts";
import type { AfterTurn } from "./gathering.ts";
import { startHealth } from "./health.ts";
import { logFailure, type Log } from "./log.ts";
import { startOutboxRelay } from "./outbox-relay.ts";
import { ownAbsence } from "./own-absence.ts";
import { startReconciler, workKey } from "./reconciler.ts";
import { removal as removalOf } from "./removal.ts";
import { consumeReports } from "./report-consumption.ts";
import { reportIntake, type ReportCounts } from "./report-intake.ts";
import { hostManagerApi } from "./rpc/host-manager-api.ts";
import { manManApi } from "./rpc/manman-api.ts";
import { circumstancesOf } from "./rule-surroundings.ts";
import { serve } from "./serve.ts";
import { pausingStore } from "./store-pause.ts";
import { within } from "./within.ts";
import { workSlots } from "./work-slots.ts";

/** What a control plane is told; times in milliseconds. */
export type ControlPlaneConfig = {
  readonly listenHost: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Null: callers need none, and the server listens on loopback only. */
  readonly token: string | null;
  /** How often hosts are asked to say that they are alive. */
  readonly heartbeatMs: number;
  readonly limits: BackupLimits;
  readonly survey: SurveyLimits;
  /** The installation whose bucket is to be taken over (see BucketFacts); null for none. */
  readonly adoptBucket: string | null;
};

/** What a control plane works with. The parts stay the caller's, who closes them after `stop`. */
export type ControlPlaneParts = {
  readonly config: ControlPlaneConfig;
  readonly records: Records;
  readonly bus: Bus;
  readonly store: UploadControl;
  /** What lies in the same store. */
  readonly listing: BucketListing;
  readonly clock: Clock;
  /** What may be waited for until the present turn of the event loop has ended; default: the platform's. */
  readonly afterTurn?: AfterTurn;
  /** A number in [0, 1). */
  readonly random: () => number;
  readonly log: Log;
};

export type ControlPlane = {
  /** `host:port` of the gRPC server. */
  readonly address: string;
  /** Resolves when the database and the broker have answered and reports are being taken. */
  readonly ready: Promise<void>;
  /** Rejects with BucketRefused once the bucket turns out not to be this installation's. */
  readonly refused: Promise<never>;
  readonly reportCounts: Readonly<ReportCounts>;
  /** Takes no more calls, finishes what is in hand within 8 s, and ends. */
  readonly stop: () => Promise<void>;
};

const stopWithinMs = 8_000;
/** Of which calls in hand may take so much. */
const callsWithinMs = 4_000;
const workRunningMax = 16;
const workWaitingMax = 400;

/**
 * Throws only where the server cannot listen, or BucketRefused where the bucket is not this installation's; a database, a broker or a
 * store that is away is waited for. `serveApis` puts the RPCs where callers reach them; by default on a port.
 */
export async function startControlPlane(
  parts: ControlPlaneParts,
  serveApis: typeof serve = serve,
): Promise<ControlPlane> {
  const { config, records, bus, clock, random, log } = parts;
  const { limits, heartbeatMs } = config;
  const turn = parts.afterTurn === undefined ? {} : { afterTurn: parts.afterTurn };
  const pausing = pausingStore(parts.store, clock);
  const { adoptBucket } = config;
  let tellHealth: (() => void) | undefined;
  const onChange = (): void => tellHealth?.();
  const keeper = await startBucketKeeper({ ...parts, store: pausing, adoptBucket, onChange });
  const store = guardedStore(pausing, keeper.requireOurs);
  const circumstances = circumstancesOf(limits, random);
  const basics = { records, bus, store, clock, random, log, circumstances, limits, heartbeatMs };

  const relay = startOutboxRelay({ ...basics, outbox: records.outbox });
  bus.onConnectionChange(relay.onConnectionChange);
  const wakeRelay = relay.wake;
  const removal = removalOf(basics);
  const slots = workSlots({ runningMax: workRunningMax, waitingMax: workWaitingMax, log });
  const { requireOurs } = keeper;
  const { listing } = parts;
  const survey = startBucketSurvey({ ...basics, listing, requireOurs, limits: config.survey });
  const wakeSurvey = survey.wake;
  const needs = { ...basics, ...turn, wakeRelay, wakeSurvey, removal, slots, requireOurs };

  const serving = await serveApis({
    ...config,
    clock,
    manManApi: manManApi(needs),
    hostManagerApi: hostManagerApi(needs),
  }).catch(async (error: unknown) => {
    await Promise.all([relay.stop(), survey.stop(), keeper.stop()]);
    throw error;
  });
  const firstServing = Promise.withResolvers<void>();
  const health = startHealth({
    ...basics,
    leaseMs: limits.leaseMs,
    onChange: (isServing) => {
      tellHealth?.();
      if (isServing) firstServing.resolve();
    },
  });
  tellHealth = () => serving.setServing(health.isServing(), keeper.isOurs());
  const absence = { ...basics, backups: records.backups, health, leaseMs: limits.leaseMs };
  const reconciler = startReconciler({ ...needs, mayExpireLeases: ownAbsence(absence) });
  const counts: ReportCounts = { taken: 0, stale: 0, deadLettered: 0 };
  const reports = consumeReports({
    ...basics,
    handle: reportIntake({
      ...basics,
      counts,
      onSent: (backupId) => {
        slots.offer(workKey(backupId), async () => await completeBackup(backupId, needs));
      },
    }),
  });
  log.info({ address: serving.address }, "listening");
  void store.check().catch((error: unknown) => {
    logFailure(log, {}, error, "backups cannot be made now: the object store does not let us in");
  });

  const stopAll = async (): Promise<true> => {
    await serving.stop(callsWithinMs);
    await reports.stop();
    const loops = [relay, reconciler, survey, health, keeper];
    await Promise.all(loops.map(async (loop) => await loop.stop()));
    await Promise.all([slots.stop(), removal.idle()]);
    return true;
  };
  const failedStop = (error: unknown): false => {
    logFailure(log, {}, error, "not everything could be ended in order");
    return false;
  };
  return {
    address: serving.address,
    ready: Promise.all([firstServing.promise, reports.begun]).then(() => {}),
    refused: keeper.refused,
    reportCounts: counts,
    stop: async () => {
      const inTime = await within(clock, stopWithinMs, stopAll().catch(failedStop));
      log.info({ in_time: inTime === true, reports: counts }, "stopped");
    },
  };
}
