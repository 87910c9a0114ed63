// Measures a running process of ours from outside, over node's inspector: no hook in the program, and a collection before its heap is read.
import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { leastOf, type ProcessSample } from "./growth.ts";
import type { PartProcess } from "./part-process.ts";

/** Longer than an unused connection is kept: the loops that never rest share a few, more of them at one moment than at another. */
const looks = 20;
const betweenLooksMs = 2_000;
const answerWithinMs = 30_000;
/** As node names them. */
const timerKinds: readonly string[] = ["Timeout", "Immediate"];

/** What the process holds, as the least of twenty looks within forty seconds. */
export async function sampleOf(part: PartProcess): Promise<ProcessSample> {
  const samples: ProcessSample[] = [];
  for (let look = 1; look <= looks; look += 1) {
    samples.push(await oneLook(part));
    await sleep(betweenLooksMs);
  }
  return leastOf(samples);
}

async function oneLook({ name, pid, inspectorUrl }: PartProcess): Promise<ProcessSample> {
  const descriptors = readdirSync(`/proc/${pid}/fd`).length;
  const inspector = await openInspector(inspectorUrl);
  try {
    await inspector.ask("HeapProfiler.collectGarbage", {});
    const answer = await inspector.ask("Runtime.evaluate", {
      expression: `JSON.stringify({ ...process.memoryUsage(), active: process.getActiveResourcesInfo() })`,
    });
    const { result } = answer as { readonly result: { readonly value: string } };
    const usage = JSON.parse(result.value) as {
      readonly heapUsed: number;
      readonly rss: number;
      readonly active: readonly string[];
    };
    const timers = usage.active.filter((kind) => timerKinds.includes(kind)).length;
    return {
      name,
      heapBytes: usage.heapUsed,
      descriptors,
      resources: usage.active.length - timers,
      timers,
      residentBytes: usage.rss,
    };
  } finally {
    inspector.close();
  }
}

type Inspector = {
  readonly ask: (method: string, params: object) => Promise<unknown>;
  readonly close: () => void;
};

type Answer = {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
};

async function openInspector(url: string): Promise<Inspector> {
  const socket = new WebSocket(url);
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  const opened = Promise.withResolvers<void>();
  const fail = (why: string): void => {
    opened.reject(new Error(why));
    for (const { reject } of waiting.values()) reject(new Error(why));
  };
  const late = setTimeout(() => fail(`${url} does not answer`), answerWithinMs);
  socket.addEventListener("open", () => opened.resolve());
  socket.addEventListener("error", () => fail(`${url} cannot be reached`));
  socket.addEventListener("message", ({ data }) => {
    const { id, result, error } = JSON.parse(String(data)) as Answer;
    const asked = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) asked?.resolve(result);
    else asked?.reject(new Error(error.message));
  });
  await opened.promise;
  let asked = 0;
  return {
    ask: async (method, params) => {
      asked += 1;
      const answer = Promise.withResolvers<unknown>();
      waiting.set(asked, answer);
      socket.send(JSON.stringify({ id: asked, method, params }));
      return await answer.promise;
    },
    close: () => {
      clearTimeout(late);
      socket.close();
    },
  };
}
