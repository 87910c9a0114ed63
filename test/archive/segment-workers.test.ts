import { openSync, closeSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SegmentJob } from "@manman/archive/pack/segment-job.ts";
import { SegmentPool } from "@manman/archive/pack/segment-pool.ts";
import { planNumbersV1 } from "@manman/archive/plan/plan-numbers.ts";
import { expect, onTestFinished, test } from "vitest";
import { SeededRandom } from "../worlds/seeded-random.ts";
import { packToMemory } from "./pack-tree.ts";
import { scratchDir } from "./scratch-dir.ts";

function openPool(workers: number): SegmentPool {
  const root = scratchDir();
  const rootFd = openSync(root, "r");
  const tree = { rootFd, latin1Root: "game/", shownRoot: root };
  const pool = new SegmentPool(
    { tree, numbers: planNumbersV1, compression: { codec: "none" } },
    workers,
  );
  onTestFinished(async () => {
    await pool.close();
    closeSync(rootFd);
  });
  return pool;
}

const job: SegmentJob = { kind: "raw", bytes: Buffer.from("raw") };
/** What no version of ours sends. */
const broken = { kind: "raw" } as unknown as SegmentJob;

test("a worker that crashes fails all that is under way, and all that comes, with its reason", async () => {
  const pool = openPool(2);
  expect((await pool.make(job)).storedBytes).toBe(3);
  const waiting = [pool.make(broken), pool.make(job), pool.make(job), pool.make(job)];
  const settled = await Promise.allSettled(waiting);
  expect(settled[0]).toMatchObject({ status: "rejected" });
  await expect(pool.make(job)).rejects.toThrow(/^a segment worker crashed: /);
});

test("a pool that is closed ends what is under way", async () => {
  const pool = openPool(1);
  const waiting = Promise.allSettled([pool.make(job), pool.make(job)]);
  await pool.close();
  expect(await waiting).toMatchObject([{ status: "rejected" }, { status: "rejected" }]);
});

test("however many workers make it, an archive is the same", async () => {
  const root = join(scratchDir(), "data");
  mkdirSync(root);
  for (let i = 0; i < 60; i += 1) {
    const random = new SeededRandom(i);
    const data = i % 2 === 0 ? random.logText(150_000) : random.bytes(150_000);
    writeFileSync(join(root, `f${i}`), data);
  }
  const one = await packToMemory({ rootPath: root, workers: 1 });
  const four = await packToMemory({ rootPath: root, workers: 4 });
  expect(one.bytes.equals(four.bytes)).toBe(true);
  expect(one.summary.rootSha256).toBe(four.summary.rootSha256);
});

test("a rate holds the reading back", async () => {
  const root = join(scratchDir(), "data");
  mkdirSync(root);
  writeFileSync(join(root, "file"), Buffer.alloc(8_000_000));
  const startedMs = performance.now();
  await packToMemory({ rootPath: root, readBytesPerSecondMax: 4_000_000 });
  // The first second's worth goes at once.
  expect(performance.now() - startedMs).toBeGreaterThan(950);
});

test.each([0, 65, 1.5])("%d workers are refused", async (workers) => {
  await expect(packToMemory({ rootPath: "/", workers })).rejects.toThrow(RangeError);
});
