// Packs a directory tree into one archive, a stream of bytes whose memory does not grow with what it packs.
import { createHash } from "node:crypto";
import { availableParallelism } from "node:os";
import { requireCompression } from "../codec/codec.ts";
import type { PackedSegment } from "./packed-segment.ts";
import { SegmentPack, type PackSource } from "./segment-pack.ts";
import type { PackFindings } from "./segment-sequence.ts";

const workersMax = 8;
/** One a core, at most 8. */
export const defaultWorkers = Math.min(availableParallelism(), workersMax);

export type PackOptions = Omit<
  PackSource,
  "excludePatterns" | "workers" | "readBytesPerSecondMax"
> & {
  /** Lines in the syntax of .gitignore; none by default. */
  readonly excludePatterns?: readonly string[];
  /** Threads that compress; by default one a core, at most 8. */
  readonly workers?: number;
  /** By default as fast as it goes. */
  readonly readBytesPerSecondMax?: number;
  /** Called after each segment. */
  readonly onProgress?: (progress: PackProgress) => void;
};

/** Raw bytes of tar that were packed, and files that are among them. */
export type PackProgress = { readonly rawBytes: number; readonly files: number };

/** What an archive holds. Every name of a hard-linked file counts as a file. */
export type EntryCounts = {
  readonly entries: number;
  readonly files: number;
  readonly directories: number;
};

export type PackSummary = EntryCounts &
  PackFindings & {
    /** Size of the tar stream, and of what it was compressed to. */
    readonly rawBytes: number;
    readonly storedBytes: number;
    readonly segments: number;
    /** SHA-256 of the stored bytes, in hex. */
    readonly storedSha256: string;
    /** SHA-256 over the SHA-256 of the stored segments, one after the other, in hex: the archive's identity. */
    readonly rootSha256: string;
  };

export type PackedArchive = {
  /**
   * The archive. Nothing is opened before the first chunk is asked for, and what is read ahead of what is taken is bounded. It can be read
   * once, and each chunk is valid only until the next one is asked for.
   * Ends with a Fault that names the path when something cannot be read, with the signal's reason when it is aborted.
   */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** What was packed; to be asked for after the last of `bytes`. */
  summary(): PackSummary;
};

/** Packs `rootPath`. Throws a RangeError for a root name, level or number of workers that cannot be. */
export function packArchive(options: PackOptions): PackedArchive {
  const { excludePatterns = [], workers = defaultWorkers, readBytesPerSecondMax } = options;
  requireName(options.rootName);
  requireCompression(options.compression);
  requireWorkers(workers);
  const pack = new SegmentPack({ ...options, excludePatterns, workers, readBytesPerSecondMax });
  let summary: PackSummary | undefined;
  return {
    bytes: storedBytes(pack, options, (packed) => {
      summary = packed;
    }),
    summary: () => {
      if (summary === undefined) throw new Error("the archive has not been read to its end");
      return summary;
    },
  };
}

async function* storedBytes(
  pack: SegmentPack,
  { onProgress }: PackOptions,
  onPacked: (summary: PackSummary) => void,
): AsyncGenerator<Uint8Array, void, void> {
  const totals = new Totals();
  for await (const segment of pack.segments()) {
    totals.add(segment);
    onProgress?.(totals.progress);
    yield segment.stored;
  }
  onPacked(totals.summary(pack.findings));
}

class Totals {
  readonly #stored = createHash("sha256");
  readonly #root = createHash("sha256");
  readonly #counts = { entries: 0, files: 0, directories: 0 };
  #rawBytes = 0;
  #storedBytes = 0;
  #segments = 0;

  add({ stored, rawBytes, storedSha256, entries }: PackedSegment): void {
    this.#stored.update(stored);
    this.#root.update(storedSha256);
    this.#rawBytes += rawBytes;
    this.#storedBytes += stored.length;
    this.#segments += 1;
    for (const { kind, isRegular } of entries) {
      this.#counts.entries += 1;
      if (kind === "directory") this.#counts.directories += 1;
      if (isRegular) this.#counts.files += 1;
    }
  }

  get progress(): PackProgress {
    return { rawBytes: this.#rawBytes, files: this.#counts.files };
  }

  summary(findings: PackFindings): PackSummary {
    return {
      ...this.#counts,
      ...findings,
      rawBytes: this.#rawBytes,
      storedBytes: this.#storedBytes,
      segments: this.#segments,
      storedSha256: this.#stored.digest("hex"),
      rootSha256: this.#root.digest("hex"),
    };
  }
}

function requireName(rootName: string): void {
  const bytes = Buffer.byteLength(rootName);
  if (bytes === 0 || bytes > 255 || /[/\0]/.test(rootName) || /^\.\.?$/.test(rootName)) {
    throw new RangeError(`rootName ${JSON.stringify(rootName)} is not the name of a directory`);
  }
}

function requireWorkers(workers: number): void {
  if (!Number.isInteger(workers) || workers < 1 || workers > 64) {
    throw new RangeError(`${workers} workers is not a whole number from 1 to 64`);
  }
}
