// Starts a packer process for each archive, follows it, and ends it: when it is told to, and when it makes no progress.
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { setPriority } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { wordsOf } from "@manman/core/fault.ts";
import type { Logger } from "pino";
import { encodePackJob, type PackJob, type StoreLocation } from "./pack-job.ts";
import { parsePackMessage, type PackOutcome, type PackProgress } from "./pack-messages.ts";

/** One archive to be made. */
export type ArchiveOrder = Pick<PackJob, "rootPath" | "rootName" | "objectKey" | "uploadId">;

export type PackFollowing = {
  /** Ends the packer; `pack` then rejects with the signal's reason. */
  readonly signal: AbortSignal;
  readonly onProgress: (progress: PackProgress) => void;
  /** With the ids of what is packed. */
  readonly log: Logger;
};

/** Makes archives. */
export interface Packer {
  /**
   * Packs and sends one archive. A packer that crashes, hangs or cannot be started is an outcome too. Resolves, or rejects, once the
   * packer has ended (or hangs in the kernel so that not even SIGKILL ends it).
   */
  pack(order: ArchiveOrder, following: PackFollowing): Promise<PackOutcome>;
}

export type PackerProcessOptions = {
  readonly store: StoreLocation;
  readonly partSizeBytes: number;
  readonly compressionLevel: number;
  /** Threads of one packer that compress; null: one a core, at most 8. */
  readonly workers: number | null;
  /** Bytes of files that one packer reads in a second on average; null: as fast as it goes. */
  readonly readBytesPerSecondMax: number | null;
  /**
   * Where Node keeps the compiled code of packers, so that each of their threads starts in a tenth of the time and in half of the memory. Only
   * the host manager may be able to write there. Null: nowhere.
   */
  readonly compileCacheDir: string | null;
  /** How long a packer may make no progress, be it that the store is away. */
  readonly stallMs: number;
};

/**
 * Bounds the packer's heap; buffers of parts and segments lie outside of it. A directory with millions of names in it needs the most. The space for new
 * objects is kept small because chunks of compressed data, which lie outside as well, are let go no sooner than it is full: with
 * the platform's own 16 MiB, up to 60 MB of them pile up.
 */
const nodeOptions = ["--max-old-space-size=512", "--max-semi-space-size=2"];
const niceness = 10;
/** Between SIGTERM and SIGKILL, and between SIGKILL and not waiting any longer. */
const endGraceMs = 3_000;
const wordsCharsMax = 2_000;

export function packerProcess(options: PackerProcessOptions): Packer {
  return { pack: async (order, following) => await packInProcess(options, order, following) };
}

async function packInProcess(
  options: PackerProcessOptions,
  order: ArchiveOrder,
  { signal, onProgress, log }: PackFollowing,
): Promise<PackOutcome> {
  signal.throwIfAborted();
  const { compileCacheDir, stallMs, ...jobOptions } = options;
  const packer = new PackerProcess(compileCacheDir);
  const stall = new StallWatch(stallMs, () => packer.end());
  const onAbort = (): void => packer.end();
  signal.addEventListener("abort", onAbort, { once: true });
  log.debug({ packer_pid: packer.pid }, "packer started");
  let outcome: PackOutcome | undefined;
  let storeAwayBecause: string | undefined;
  packer.onLine((line) => {
    const message = parsePackMessage(line);
    switch (message?.kind) {
      case undefined:
        log.debug({ line: line.slice(0, wordsCharsMax) }, "the packer printed something else");
        break;
      case "progress":
        stall.see(line);
        onProgress(message);
        break;
      case "store-away":
        storeAwayBecause = message.why;
        log.warn(
          { why: message.why, away_ms: message.awayMs, waits_ms_max: stallMs },
          "the store is away: the packer waits for it",
        );
        break;
      case "store-back":
        storeAwayBecause = undefined;
        log.info({ away_ms: message.awayMs }, "the store is back: the packer goes on");
        break;
      case "packed":
      case "failed":
        outcome = message;
    }
  });
  packer.give(encodePackJob({ ...order, ...jobOptions }));
  try {
    const end = await packer.ended;
    signal.throwIfAborted();
    if (outcome !== undefined) return outcome;
    if (!stall.fired) return crashed(end);
    return storeAwayBecause === undefined
      ? crashed(`made no progress for ${stallMs / 1000} s and was ended`)
      : storeStayedAway(storeAwayBecause, stallMs);
  } finally {
    stall.stop();
    signal.removeEventListener("abort", onAbort);
  }
}

function crashed(how: string): PackOutcome {
  const failure = { code: "packer_crashed" as const, message: `the packer ${how}` };
  return { kind: "failed", failure, retryable: true };
}

function storeStayedAway(why: string, stallMs: number): PackOutcome {
  const message = `${why}; the store stayed away for ${stallMs / 1000} s`;
  return { kind: "failed", failure: { code: "store_failed", message }, retryable: true };
}

/** Calls out once when for `stallMs` nothing new was seen. */
class StallWatch {
  fired = false;
  readonly #timer: NodeJS.Timeout;
  #last = "";

  constructor(stallMs: number, onStall: () => void) {
    this.#timer = setTimeout(() => {
      this.fired = true;
      onStall();
    }, stallMs);
  }

  /** Progress that is the same as before is none. */
  see(progress: string): void {
    if (progress !== this.#last && !this.fired) this.#timer.refresh();
    this.#last = progress;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

class PackerProcess {
  /** How it ended, in words that follow "the packer"; never rejects. */
  readonly ended: Promise<string>;
  readonly #child: ChildProcessWithoutNullStreams;
  #lastWords = "";
  #giveUp: (how: string) => void = () => undefined;
  #endAsked = false;

  constructor(compileCacheDir: string | null) {
    const main = fileURLToPath(new URL("packer-main.ts", import.meta.url));
    const cache = compileCacheDir === null ? {} : { NODE_COMPILE_CACHE: compileCacheDir };
    const env = { ...cache, ...process.env };
    this.#child = spawn(process.execPath, [...nodeOptions, main], { env });
    lowerPriority(this.#child.pid);
    // What a packer that is gone cannot be told any more does not matter: `ended` says how it went.
    this.#child.stdin.on("error", () => undefined);
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#lastWords = (this.#lastWords + text).slice(-wordsCharsMax);
    });
    this.ended = new Promise((resolve) => {
      this.#giveUp = resolve;
      this.#child.once("error", (error) => resolve(`could not be started: ${wordsOf(error)}`));
      this.#child.once("close", (code, signal) => {
        const said = this.#lastWords.trim();
        const how = signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
        resolve(said === "" ? how : `${how}: ${said}`);
      });
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  give(line: string): void {
    this.#child.stdin.write(line);
  }

  onLine(listener: (line: string) => void): void {
    createInterface({ input: this.#child.stdout }).on("line", listener);
  }

  /** Asks it to end, makes it end, and at last stops waiting: a process that hangs in the kernel cannot be ended by anybody. */
  end(): void {
    if (this.#endAsked) return;
    this.#endAsked = true;
    const steps = [
      () => this.#child.kill("SIGTERM"),
      () => this.#child.kill("SIGKILL"),
      () => this.#giveUp("did not end when it was killed"),
    ];
    const timers = steps.map((step, at) => setTimeout(step, at * endGraceMs));
    void this.ended.then(() => timers.forEach(clearTimeout));
  }
}

/** Done at once, before the process has made any further thread: on Linux each thread has a priority of its own, which it inherits. */
function lowerPriority(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    setPriority(pid, niceness);
  } catch {
    // It is gone already, which `ended` tells.
  }
}
