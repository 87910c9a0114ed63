// Whose bucket it is, from the first look to the one that finds it lost.
import { highWaterKey, markerKey } from "@manman/core/bucket-ownership.ts";
import { Fault } from "@manman/core/fault.ts";
import type { AbortSignalLike, UploadControl } from "@manman/core/ports.ts";
import { expect, onTestFinished, test, vi } from "vitest";
import { BucketRefused, guardedStore, startBucketKeeper } from "./bucket-keeper.ts";
import { recordedLog } from "./recorded-log.ts";

/** A bucket and a database whose keeper looks again whenever the test says so. */
function scene(adoptBucket: string | null = null) {
  const objects = new Map<string, string>();
  const world = {
    isAway: false,
    refusedCalls: 0,
    highestBackupId: 40n,
    raisedTo: 0n,
    onCreate: () => {},
  };
  const answering = (): void => {
    if (!world.isAway) return;
    world.refusedCalls += 1;
    throw new Fault("away", "the store is away");
  };
  const store = {
    readSmallObject: async (key: string) => {
      answering();
      const text = objects.get(key);
      return text === undefined ? null : new TextEncoder().encode(text);
    },
    createSmallObject: async (key: string, bytes: Uint8Array) => {
      answering();
      world.onCreate();
      if (!objects.has(key)) objects.set(key, new TextDecoder().decode(bytes));
    },
    replaceSmallObject: async (key: string, bytes: Uint8Array) => {
      answering();
      objects.set(key, new TextDecoder().decode(bytes));
    },
  };
  const installation = {
    get: async () => ({
      installationId: "ours",
      createdAtMs: 0,
      highestBackupId: world.highestBackupId,
      highestRecordedBackupId: 39n,
    }),
    raiseBackupIds: async (backupId: bigint) => {
      world.raisedTo = backupId;
      if (backupId > world.highestBackupId) world.highestBackupId = backupId;
    },
  };
  /** Ends the wait for the next look, once it has begun. */
  let wake: (() => void) | undefined;
  const clock = {
    nowMs: () => 0,
    elapsedMs: () => 0,
    sleep: async (ms: number, signal?: AbortSignalLike) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      if (ms === 60_000) wake = resolve;
      signal?.addEventListener("abort", resolve);
      if (signal?.aborted === true) resolve();
      await promise;
    },
  };
  const start = async () => {
    const { log } = recordedLog();
    const needs = { records: { installation }, store, adoptBucket, clock, random: () => 0, log };
    const keeper = await startBucketKeeper(needs);
    onTestFinished(keeper.stop);
    return keeper;
  };
  const lookAgain = async (): Promise<void> => {
    const begun = await vi.waitUntil(() => wake);
    begun();
  };
  return { objects, world, start, lookAgain };
}

const theirMarker = '{"installation_id":"theirs"}';

test("an empty bucket is marked, and the highest id of a recorded backup noted", async () => {
  const { objects, start } = scene();
  (await start()).requireOurs();
  expect(Object.fromEntries(objects)).toEqual({
    [markerKey]: '{"installation_id":"ours","created_at":0}\n',
    [highWaterKey]: '{"highest_backup_id":39}\n',
  });
});

test("another installation that marks the bucket at the same moment has it", async () => {
  const { objects, world, start } = scene();
  world.onCreate = () => objects.set(markerKey, theirMarker);
  await expect(start()).rejects.toBeInstanceOf(BucketRefused);
});

test("another's bucket is refused at the start, and left as it is", async () => {
  const { objects, start } = scene();
  objects.set(markerKey, theirMarker);
  await expect(start()).rejects.toThrow("the bucket belongs to installation theirs");
  expect(Object.fromEntries(objects)).toEqual({ [markerKey]: theirMarker });
});

test("an adopted bucket is ours, and new backups begin after those that it holds", async () => {
  const { objects, world, start } = scene("theirs");
  objects.set(markerKey, theirMarker);
  objects.set(highWaterKey, '{"highest_backup_id":90}');
  (await start()).requireOurs();
  expect(world.raisedTo).toBe(90n);
  expect(objects.get(markerKey)).toContain('"ours"');
});

test("a bucket that another installation adopts is refused at the next look", async () => {
  const { objects, start, lookAgain } = scene();
  const keeper = await start();
  objects.set(markerKey, theirMarker);
  await lookAgain();
  await expect(keeper.refused).rejects.toBeInstanceOf(BucketRefused);
  expect(keeper.requireOurs).toThrow(Fault);
});

test("a store that is away at a later look changes nothing", async () => {
  const { world, start, lookAgain } = scene();
  const keeper = await start();
  world.isAway = true;
  await lookAgain();
  await vi.waitUntil(() => world.refusedCalls > 0);
  expect(keeper.requireOurs).not.toThrow();
});

test("a store that was never asked whose it is takes no writes", async () => {
  const { world, start } = scene();
  world.isAway = true;
  const keeper = await start();
  const written: string[] = [];
  const note = (call: string) => async (): Promise<void> => {
    written.push(call);
  };
  const store = guardedStore(
    {
      abortUpload: note("abort"),
      completeUpload: note("complete"),
      openUpload: async () => "upload",
      removeObject: note("remove"),
    } as Partial<UploadControl> as UploadControl,
    keeper.requireOurs,
  );
  for (const call of [
    store.openUpload("k"),
    store.completeUpload("k", "u", []),
    store.abortUpload("k", "u"),
    store.removeObject("k"),
  ]) {
    await expect(call).rejects.toMatchObject({ kind: "away" });
  }
  expect(written).toEqual([]);
});
