// Makes sure that the bucket is this installation's before anything is written to it, and goes on looking: another installation may adopt
// it, and an old state of the database may take the place of the present one. It keeps the bucket's high-water mark as well.
import {
  highWaterKey,
  highWaterText,
  highestBackupIn,
  installationIn,
  judgeBucket,
  markerKey,
  markerText,
} from "@manman/core/bucket-ownership.ts";
import { Fault } from "@manman/core/fault.ts";
import type { Clock, Installation, Records, UploadControl } from "@manman/core/ports.ts";
import { logFailure, type Log } from "./log.ts";
import { startLoop } from "./loop.ts";
import { within } from "./within.ts";

/** The bucket is not this installation's; the message says whose it is, and the way out. */
export class BucketRefused extends Error {
  override readonly name = "BucketRefused";
}

export type BucketKeeper = {
  readonly isOurs: () => boolean;
  /** Throws an `away` Fault, which says why nothing is known, unless the bucket is known to be ours. */
  readonly requireOurs: () => void;
  /** Rejects with BucketRefused once the bucket turns out not to be ours. */
  readonly refused: Promise<never>;
  readonly stop: () => Promise<void>;
};

type Needs = {
  readonly records: Pick<Records, "installation">;
  readonly store: Pick<
    UploadControl,
    "readSmallObject" | "createSmallObject" | "replaceSmallObject"
  >;
  /** See BucketFacts. */
  readonly adoptBucket: string | null;
  /** Told when the bucket is known to be ours, and when it turns out not to be. */
  readonly onChange?: (isOurs: boolean) => void;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
};

/** The high-water mark lags behind by so much, and an adoption by somebody else is noticed within it. */
const roundMs = 60_000;
/** A store that does not answer at the start holds it up for so long; nothing is written to it before it has answered. */
const firstLookMs = 5_000;
/** Marking and adopting are followed by another look, to see who won. */
const looksMax = 3;

/** Throws BucketRefused where the first look says so. */
export async function startBucketKeeper(needs: Needs): Promise<BucketKeeper> {
  const { onChange = () => {}, clock, random, log } = needs;
  const firstLook = Promise.withResolvers<void>();
  const refused = Promise.withResolvers<never>();
  // Who does not wait for it must not be ended by it.
  refused.promise.catch(() => {});
  let isOurs = false;
  let refusal: BucketRefused | null = null;
  let unknownBecause: unknown = null;
  const know = (isOursNow: boolean): void => {
    if (isOurs === isOursNow) return;
    isOurs = isOursNow;
    onChange(isOurs);
  };
  const round = async (): Promise<number> => {
    try {
      await keep(needs);
      if (unknownBecause !== null) log.info({}, "the bucket is ours: backups can be made");
      unknownBecause = null;
      know(true);
    } catch (error) {
      if (!(error instanceof BucketRefused)) {
        if (!isOurs && unknownBecause === null) {
          const why = "backups cannot be made: it is not known as yet whose bucket it is";
          logFailure(log, {}, error, why);
        }
        if (!isOurs) unknownBecause = error;
        throw error;
      }
      know(false);
      refusal = error;
      refused.reject(error);
    } finally {
      firstLook.resolve();
    }
    return roundMs;
  };
  const loop = startLoop({ name: "the look at whose bucket it is", round, clock, random, log });
  await within(clock, firstLookMs, firstLook.promise);
  if (refusal !== null) {
    await loop.stop();
    throw refusal as BucketRefused;
  }
  return {
    isOurs: () => isOurs,
    requireOurs: () => {
      if (isOurs) return;
      throw new Fault("away", "it is not known as yet whose bucket it is", unknownBecause);
    },
    refused: refused.promise,
    stop: loop.stop,
  };
}

/** The same store, which is asked to change nothing while the bucket is not known to be ours. */
export function guardedStore(store: UploadControl, requireOurs: () => void): UploadControl {
  const guarded = async <Value>(call: () => Promise<Value>): Promise<Value> => {
    requireOurs();
    return await call();
  };
  return {
    ...store,
    openUpload: async (key) => await guarded(async () => await store.openUpload(key)),
    completeUpload: async (key, uploadId, parts) =>
      await guarded(async () => await store.completeUpload(key, uploadId, parts)),
    abortUpload: async (key, uploadId) =>
      await guarded(async () => await store.abortUpload(key, uploadId)),
    removeObject: async (key) => await guarded(async () => await store.removeObject(key)),
  };
}

async function keep(needs: Needs): Promise<void> {
  const { records, store, adoptBucket, log } = needs;
  for (let looks = 1; looks <= looksMax; looks += 1) {
    const markedBy = await readField(store, markerKey, installationIn);
    const bucketHighestBackupId = await readField(store, highWaterKey, highestBackupIn);
    // The database is asked last: it may be ahead of what was read then, and never behind.
    const installation = await records.installation.get();
    const { installationId, highestBackupId } = installation;
    const facts = { installationId, highestBackupId, markedBy, bucketHighestBackupId };
    const verdict = judgeBucket({ ...facts, adopt: adoptBucket });
    switch (verdict.kind) {
      case "refuse":
        throw new BucketRefused(verdict.why);
      case "mark":
        await store.createSmallObject(markerKey, markerBytes(installation));
        break;
      case "adopt":
        // Ids first: whoever finds the bucket marked as ours may use them.
        await records.installation.raiseBackupIds(bucketHighestBackupId ?? 0n);
        await store.replaceSmallObject(markerKey, markerBytes(installation));
        log.warn({ adopted_from: markedBy, after_backup: bucketHighestBackupId }, "bucket adopted");
        break;
      case "ours":
        await raiseHighWater(store, bucketHighestBackupId ?? 0n, installation);
        return;
    }
  }
  throw new Fault("away", `the bucket's ${markerKey} changed while we looked`);
}

/** By what is recorded, not by what was handed out: a crash of the database may take back an id that no record bears as yet. */
async function raiseHighWater(
  store: Pick<UploadControl, "replaceSmallObject">,
  notedBackupId: bigint,
  { highestRecordedBackupId }: Installation,
): Promise<void> {
  if (highestRecordedBackupId <= notedBackupId) return;
  await store.replaceSmallObject(highWaterKey, bytesOf(highWaterText(highestRecordedBackupId)));
}

async function readField<Value>(
  store: Pick<UploadControl, "readSmallObject">,
  key: string,
  parse: (text: string) => Value | null,
): Promise<Value | null> {
  const bytes = await store.readSmallObject(key);
  if (bytes === null) return null;
  const value = parse(new TextDecoder().decode(bytes));
  if (value === null) throw new Fault("corrupt", `${key} in the bucket is none of ours`);
  return value;
}

function markerBytes({ installationId, createdAtMs }: Installation): Uint8Array {
  return bytesOf(markerText(installationId, createdAtMs));
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
