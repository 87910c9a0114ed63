// Runs chunks of seeds in processes of their own, some at a time: that uses all cores, and bounds the memory by the size of a chunk.
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { SeedChunk, SeedsOutcome } from "./seed-chunk.ts";

const chunkMain = fileURLToPath(new URL("seed-chunk-main.ts", import.meta.url));
/** Of one process; a tenth of it is in use at the end of a seed. */
const heapMibMax = 512;

/** Tells each outcome as it comes, which may be in any order. Rejects where a process ended without one. */
export async function runChunks(
  chunks: Iterable<SeedChunk>,
  jobs: number,
  onOutcome: (chunk: SeedChunk, outcome: SeedsOutcome) => void,
): Promise<void> {
  const queue = chunks[Symbol.iterator]();
  const work = async (): Promise<void> => {
    for (let next = queue.next(); next.done !== true; next = queue.next()) {
      onOutcome(next.value, await runInProcess(next.value));
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
}

async function runInProcess(chunk: SeedChunk): Promise<SeedsOutcome> {
  return await new Promise((resolve, reject) => {
    const child = fork(chunkMain, { execArgv: [`--max-old-space-size=${heapMibMax}`] });
    child.once("error", reject);
    child.once("message", (outcome) => resolve(outcome as SeedsOutcome));
    child.once("exit", (code, signal) => {
      const last = chunk.from + chunk.seeds - 1;
      reject(new Error(`seeds ${chunk.from} to ${last}: their process ended by ${signal ?? code}`));
    });
    child.send(chunk);
  });
}
