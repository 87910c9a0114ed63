// Packs a directory tree into segments: scans and plans in this thread, has segments made in others, and leaves nothing open at its end.
import { setTimeout as sleep } from "node:timers/promises";
import type { Compression } from "../codec/codec.ts";
import { planNumbersV1 } from "../plan/plan-numbers.ts";
import { printablePath } from "../printable-path.ts";
import { Exclusion, readIgnoreFile } from "../scan/exclusion.ts";
import { TreeScan } from "../scan/scan-tree.ts";
import { byteRate } from "./byte-rate.ts";
import type { OpenTree } from "./open-tree.ts";
import type { PackedSegment } from "./packed-segment.ts";
import { jobsPerWorker, SegmentPool } from "./segment-pool.ts";
import { SegmentSequence, type Making, type PackFindings } from "./segment-sequence.ts";
import { jobOf, readBytesOf } from "./segment-unit.ts";

export type PackSource = {
  /** The directory to pack, in raw bytes or as text. It may be a symlink to a directory; symlinks below it are packed as symlinks. */
  readonly rootPath: Buffer | string;
  /** What the directory is called in the archive (`game`): one name, without slashes. */
  readonly rootName: string;
  /** Whether a directory with nothing in it is packed, or fails because its disk may not be mounted. */
  readonly emptyRoot: "refuse" | "allow";
  /** Lines in the syntax of .gitignore, below the root; a .backupignore in the root comes after them. */
  readonly excludePatterns: readonly string[];
  readonly compression: Compression;
  /** Threads that make segments. */
  readonly workers: number;
  /** Bytes of files that are read in a second on average; undefined: as fast as it goes. */
  readonly readBytesPerSecondMax: number | undefined;
  /** Ends the pack with its reason: at once, and nothing stays open. */
  readonly signal: AbortSignal;
};

/** Segments that are made or waiting at a time beside those that workers were given: they wait for one before them. */
const slotsAhead = 4;

/**
 * One pack. Memory: (2 workers + 4) pieces of 5 MiB for what was made, and for each worker 5 MiB of raw data, as much again while it
 * is compressed, and its heap. Descriptors: one for each level of depth, each large file that is under way, and each worker.
 */
export class SegmentPack {
  readonly #source: PackSource;
  #sequence: SegmentSequence | undefined;

  constructor(source: PackSource) {
    this.#source = source;
  }

  /** What was found until now; to be asked for after the last segment. */
  get findings(): PackFindings {
    return this.#sequence?.findings ?? { warnings: { count: 0, first: [] }, excludedCount: 0 };
  }

  /**
   * The segments, once. Nothing is opened before the first is asked for. Ends with a Fault that names the path when something cannot be
   * read, with the signal's reason when it is aborted, and with an Error when a worker crashed.
   */
  async *segments(): AsyncGenerator<PackedSegment, void, void> {
    const { signal, compression, workers, emptyRoot, rootName } = this.#source;
    signal.throwIfAborted();
    const rootPath = Buffer.from(this.#source.rootPath);
    const scan = new TreeScan({ rootPath, rootName, emptyRoot });
    const tree = openTree(scan, rootPath, rootName);
    const sequence = new SegmentSequence(tree, planNumbersV1);
    this.#sequence = sequence;
    const pool = new SegmentPool({ tree, compression, numbers: planNumbersV1 }, workers);
    const ended = new AbortController();
    let ending: Promise<void> | undefined;
    const end = async (reason: unknown): Promise<void> => {
      ended.abort(reason);
      pool.fail(reason);
      await pool.close();
      sequence.closeFiles();
      scan.close();
    };
    const onAbort = (): void => void (ending ??= end(signal.reason));
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      const steps = scan.steps(this.#exclusion(tree));
      yield* sequence.segments(steps, this.#making(pool, scan, ended.signal));
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener("abort", onAbort);
      await (ending ??= end(new Error("the pack is over")));
    }
  }

  #exclusion({ rootFd, shownRoot }: OpenTree): Exclusion {
    const own = readIgnoreFile(rootFd, shownRoot);
    return new Exclusion([...this.#source.excludePatterns, ...own]);
  }

  #making(pool: SegmentPool, scan: TreeScan, signal: AbortSignal): Making {
    const { workers, readBytesPerSecondMax } = this.#source;
    const rate = byteRate(readBytesPerSecondMax, {
      monotonicMs: () => performance.now(),
      sleep: async (ms) => await sleep(ms, undefined, { signal }),
    });
    return {
      slotsMax: workers * jobsPerWorker + slotsAhead,
      make: async (unit) => {
        await rate.take(readBytesOf(unit));
        return await pool.make(jobOf(unit));
      },
      release: (memory) => pool.release(memory),
      beforeDirectories: () => scan.requireSameRoot(),
      signal,
    };
  }
}

function openTree(scan: TreeScan, rootPath: Buffer, rootName: string): OpenTree {
  const latin1Root = `${Buffer.from(rootName).toString("latin1")}/`;
  return { rootFd: scan.rootFd, latin1Root, shownRoot: printablePath(rootPath) };
}
