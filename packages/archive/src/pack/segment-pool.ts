// A bounded number of threads that make segments. Memory for what they make goes to and fro with the jobs instead of being left to the
// garbage collector, so that it stays what it is from the first segment to the last.
import { Worker } from "node:worker_threads";
import { Fault, wordsOf } from "@manman/core/fault.ts";
import { encodeRoomBytes } from "../codec/codec.ts";
import type { JobAnswer, JobMessage, MadeSegment, SegmentJob } from "./segment-job.ts";
import { rawBytesMax, type MakerOptions } from "./segment-maker.ts";

/** Bounds of a worker's heap; its buffers lie outside. The young generation is small so that what was compressed is let go soon. */
const resourceLimits = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 4 };

/** One in hand and one to go on with, so that no worker waits for this thread, which has others to serve. */
export const jobsPerWorker = 2;

type Waiting = {
  readonly job: SegmentJob;
  readonly resolve: (made: MadeSegment) => void;
  readonly reject: (error: unknown) => void;
};

export class SegmentPool {
  readonly #options: MakerOptions;
  readonly #workersMax: number;
  /** What each worker was given and has not answered, in the order in which it will. */
  readonly #workers = new Map<Worker, Waiting[]>();
  readonly #queue: Waiting[] = [];
  readonly #memory: ArrayBuffer[] = [];
  #failure: { readonly error: unknown } | undefined;

  constructor(options: MakerOptions, workersMax: number) {
    this.#options = options;
    this.#workersMax = workersMax;
  }

  /**
   * Makes one segment. Jobs are begun in the order in which they are given. Rejects with a Fault for what may not be read, with the reason
   * of `fail`, and with an Error when a worker has crashed; from the first failure on everything else fails with the same.
   */
  async make(job: SegmentJob): Promise<MadeSegment> {
    if (this.#failure !== undefined) throw this.#failure.error;
    return await new Promise((resolve, reject) => {
      this.#queue.push({ job, resolve, reject });
      this.#assign();
    });
  }

  /** Takes the memory of a segment back once its bytes have been used. */
  release(memory: ArrayBuffer): void {
    if (memory.byteLength > 0) this.#memory.push(memory);
  }

  /** Ends everything that is under way, with this as the reason. */
  fail(error: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = { error };
    const given = [...this.#workers.values()].flatMap((waiting) => waiting.splice(0));
    for (const { reject } of [...given, ...this.#queue.splice(0)]) reject(error);
  }

  /** Ends the workers, also in the midst of a job. Resolves once none is left. */
  async close(): Promise<void> {
    this.fail(new Error("the pool is closed"));
    const workers = [...this.#workers.keys()];
    await Promise.all(workers.map(async (worker) => await worker.terminate()));
  }

  #assign(): void {
    while (this.#queue.length > 0) {
      const [worker, given] = this.#nextWorker();
      if (given.length === jobsPerWorker) return;
      const next = this.#queue.shift() as Waiting;
      given.push(next);
      const memory = this.#memory.pop() ?? this.#newMemory();
      worker.postMessage({ job: next.job, memory } satisfies JobMessage, [memory]);
    }
  }

  /** The one with the least to do. */
  #nextWorker(): [Worker, Waiting[]] {
    const [least] = [...this.#workers].toSorted(([, a], [, b]) => a.length - b.length);
    if (least !== undefined && least[1].length === 0) return least;
    if (least !== undefined && this.#workers.size === this.#workersMax) return least;
    const worker = this.#newWorker();
    const given: Waiting[] = [];
    this.#workers.set(worker, given);
    return [worker, given];
  }

  #newWorker(): Worker {
    const worker = new Worker(new URL("segment-worker-main.ts", import.meta.url), {
      workerData: this.#options,
      resourceLimits,
    });
    worker.on("message", (answer: JobAnswer) => this.#answered(worker, answer));
    const crashed = (how: string, cause?: unknown): void =>
      this.fail(new Error(`a segment worker ${how}`, { cause }));
    worker.on("error", (error) => crashed(`crashed: ${wordsOf(error)}`, error));
    worker.on("messageerror", (error) => crashed(`cannot be understood: ${wordsOf(error)}`, error));
    worker.on("exit", (code) => crashed(`ended with code ${code}`));
    return worker;
  }

  #newMemory(): ArrayBuffer {
    const { compression, numbers } = this.#options;
    return new ArrayBuffer(encodeRoomBytes(compression.codec, rawBytesMax(numbers)));
  }

  #answered(worker: Worker, answer: JobAnswer): void {
    const asked = this.#workers.get(worker)?.shift();
    if (asked === undefined) return;
    if (answer.kind === "fault") {
      const fault = new Fault(answer.faultKind, answer.message);
      asked.reject(fault);
      this.fail(fault);
      return;
    }
    asked.resolve(answer.segment);
    this.#assign();
  }
}
