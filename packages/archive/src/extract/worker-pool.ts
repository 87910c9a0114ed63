// Keeps the worker threads of an extraction and hands each task to the one that has least to do.
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { Fault } from "@manman/core/fault.ts";
import type { ExtractTask, TaskDone, TaskResult, WorkerSetting } from "./extract-task.ts";
import { SegmentWriter } from "./write-segment.ts";

type Pending = { resolve: (done: TaskDone) => void; reject: (error: Error) => void };
type Thread = { readonly worker: Worker; readonly pending: Map<number, Pending> };

/** How many tasks are under way at once is the caller's to bound. */
export class WorkerPool {
  readonly #count: number;
  readonly #setting: WorkerSetting;
  readonly #threads: Thread[] = [];
  #inPlace: SegmentWriter | undefined;
  #nextId = 0;

  /** Threads start as they are needed. With a count of 0 the work is done where it is asked for, which suits a few small files. */
  constructor(count: number, setting: WorkerSetting) {
    this.#count = count;
    this.#setting = setting;
  }

  /** Does one task. The stored bytes are handed over: the caller's view of them is empty afterwards. Fails with the Fault of the work. */
  async run(task: Omit<ExtractTask, "id">): Promise<TaskDone> {
    const id = this.#nextId;
    this.#nextId += 1;
    if (this.#count === 0) {
      this.#inPlace ??= new SegmentWriter(this.#setting);
      return this.#inPlace.write({ ...task, id });
    }
    const thread = this.#freest();
    return await new Promise<TaskDone>((resolve, reject) => {
      thread.pending.set(id, { resolve, reject });
      const whole = task.segment?.stored;
      const owned = whole !== undefined && whole.byteLength === whole.buffer.byteLength;
      thread.worker.postMessage({ ...task, id }, owned ? [whole.buffer as ArrayBuffer] : []);
    });
  }

  /** Ends all threads, after what they are doing. */
  async close(): Promise<void> {
    this.#inPlace?.close();
    await Promise.all(
      this.#threads.map(async ({ worker }) => {
        if (worker.threadId < 0) return;
        const ended = once(worker, "exit");
        worker.postMessage(null, []);
        await ended;
      }),
    );
  }

  #freest(): Thread {
    const [first, ...rest] = this.#threads;
    const freest = rest.reduce(
      (least, each) =>
        least === undefined || each.pending.size < least.pending.size ? each : least,
      first,
    );
    const isFull = this.#threads.length === this.#count;
    if (freest !== undefined && (isFull || freest.pending.size === 0)) return freest;
    const started = startThread(this.#setting);
    this.#threads.push(started);
    return started;
  }
}

function startThread(setting: WorkerSetting): Thread {
  const worker = new Worker(new URL("./extract-worker.ts", import.meta.url), {
    workerData: setting,
  });
  const pending = new Map<number, Pending>();
  const fail = (error: Error): void => {
    for (const { reject } of pending.values()) reject(error);
    pending.clear();
  };
  worker.on("message", (result: TaskResult) => {
    const waiting = pending.get(result.id);
    pending.delete(result.id);
    if (result.ok) waiting?.resolve(result);
    else waiting?.reject(errorOf(result));
  });
  worker.on("error", (error) => {
    fail(error instanceof Error ? error : new Error(String(error)));
  });
  worker.on("exit", () => {
    fail(new Error("a worker thread of the extraction ended"));
  });
  return { worker, pending };
}

function errorOf({ kind, message }: TaskResult & { ok: false }): Error {
  return kind === "defect" ? new Error(message) : new Fault(kind, message);
}
