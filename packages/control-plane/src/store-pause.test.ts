// A store that is away is spared, and found again by one call at a time.
import { Fault } from "@manman/core/fault.ts";
import type { UploadControl } from "@manman/core/ports.ts";
import { expect, test } from "vitest";
import { pausingStore } from "./store-pause.ts";

function scene() {
  const world = { nowMs: 0, calls: 0, answer: async (): Promise<void> => {} };
  const store: UploadControl = {
    openUpload: async () => "upload",
    completeUpload: async () => {},
    abortUpload: async () => {},
    listUploads: async () => [],
    inspectObject: async () => null,
    removeObject: async () => {
      world.calls += 1;
      await world.answer();
    },
    readSmallObject: async () => null,
    createSmallObject: async () => {},
    replaceSmallObject: async () => {},
    urlOf: (key) => `s3://bucket/${key}`,
    check: async () => {},
    close: () => {},
  };
  return { world, paused: pausingStore(store, { elapsedMs: () => world.nowMs }) };
}

async function away(): Promise<void> {
  throw new Fault("away", "remove k: connection refused");
}

test("after a failure, calls fail at once for two seconds", async () => {
  const { world, paused } = scene();
  world.answer = away;
  await expect(paused.removeObject("k")).rejects.toThrow("connection refused");
  world.nowMs = 1_999;
  await expect(paused.removeObject("k")).rejects.toMatchObject({ kind: "away" });
  await expect(paused.openUpload("k")).rejects.toMatchObject({ kind: "away" });
  expect(world.calls).toBe(1);
});

test("then one call goes ahead while the others still fail, and its success opens the way", async () => {
  const { world, paused } = scene();
  world.answer = away;
  await expect(paused.removeObject("k")).rejects.toThrow("connection refused");
  world.nowMs = 2_000;
  const gate = Promise.withResolvers<void>();
  world.answer = async () => await gate.promise;
  const first = paused.removeObject("k");
  await expect(paused.removeObject("k")).rejects.toMatchObject({ kind: "away" });
  gate.resolve();
  await first;
  await Promise.all([paused.removeObject("k"), paused.removeObject("k")]);
  expect(world.calls).toBe(4);
});

test("a no is an answer, and pauses nothing", async () => {
  const { world, paused } = scene();
  world.answer = async () => {
    throw new Fault("rejected", "remove k: AccessDenied");
  };
  await expect(paused.removeObject("k")).rejects.toMatchObject({ kind: "rejected" });
  await expect(paused.removeObject("k")).rejects.toMatchObject({ kind: "rejected" });
  expect(world.calls).toBe(2);
});
