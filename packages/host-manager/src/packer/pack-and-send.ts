// The work of a packer: a directory becomes an archive that goes to the store in parts while it is written; nothing is staged on disk.
import { packArchive, type PackSummary } from "@manman/archive/pack/pack-archive.ts";
import type { ArchiveReport, FailureCode } from "@manman/core/backup/backup.ts";
import { Fault, wordsOf } from "@manman/core/fault.ts";
import { warningCharsMax } from "@manman/contract/bus/reports.ts";
import type { Clock, PartSender } from "@manman/core/ports.ts";
import type { PackJob } from "./pack-job.ts";
import type { PackOutcome, PackProgress } from "./pack-messages.ts";
import { sendInParts, type CutPart } from "./part-cutter.ts";
import { partSizeBytes } from "./part-size.ts";
import { storePatience, type StoreNews } from "./store-patience.ts";
import { estimateTarBytes } from "./tree-size.ts";

export type Packing = {
  readonly job: PackJob;
  readonly sender: PartSender;
  readonly signal: AbortSignal;
  /** Called whenever something moved on; often. */
  readonly onProgress: (progress: PackProgress) => void;
  /** Called when the store goes away and when it is back; packing waits meanwhile, for as long as it takes. */
  readonly onStore: (news: StoreNews) => void;
  readonly clock: Pick<Clock, "elapsedMs" | "sleep">;
  /** Numbers in [0, 1), for the spread of waits. */
  readonly random: () => number;
};

/** What the buffers of parts take, as long as the parts are small enough for that. */
const partMemoryBytesMax = 64 * 1024 * 1024;

/** Packs and sends one archive. Everything that goes wrong outside is an outcome; rejects only when it is called off, or for a bug. */
export async function packAndSend(packing: Packing): Promise<PackOutcome> {
  const { job, signal, onProgress, clock } = packing;
  const startedMs = clock.elapsedMs();
  let progress: PackProgress = { rawBytesDone: 0, rawBytesTotal: 0, filesDone: 0, sentBytes: 0 };
  const move = (step: Partial<PackProgress>): void =>
    onProgress((progress = { ...progress, ...step }));
  const ended = new AbortController();
  const working = AbortSignal.any([signal, ended.signal]);
  const estimating = estimateTarBytes(job.rootPath, working).then(
    (rawBytesTotal) => move({ rawBytesTotal }),
    () => undefined,
  );
  const patiently = storePatience({ ...packing, tell: packing.onStore });
  const archive = packArchive({
    rootPath: job.rootPath,
    rootName: job.rootName,
    compression: { codec: "gzip", level: job.compressionLevel },
    ...(job.workers !== null && { workers: job.workers }),
    ...(job.readBytesPerSecondMax !== null && { readBytesPerSecondMax: job.readBytesPerSecondMax }),
    emptyRoot: "refuse",
    signal: working,
    onProgress: ({ rawBytes, files }) => move({ rawBytesDone: rawBytes, filesDone: files }),
  });
  try {
    const parts = await sendInParts({
      bytes: archive.bytes,
      send: async (part) =>
        await patiently(async () => await sendPart(packing, part), part.signal).catch(storeFailure),
      sizeOf: (number) => partSizeBytes(number, job.partSizeBytes, progress.rawBytesTotal),
      memoryBytesMax: partMemoryBytesMax,
      signal: working,
      onSent: (sentBytes) => move({ sentBytes }),
    });
    const durationMs = Math.round(clock.elapsedMs() - startedMs);
    return { kind: "packed", archive: archiveReport(archive.summary(), parts, durationMs) };
  } catch (error) {
    signal.throwIfAborted();
    return failed(error);
  } finally {
    ended.abort();
    await estimating;
  }
}

/** Marks what the store said, so that it is not taken for a word of the file system. */
class StoreFailure extends Error {
  override readonly name = "StoreFailure";
}

async function sendPart({ job, sender }: Packing, part: CutPart): Promise<string> {
  const { objectKey, uploadId } = job;
  return await sender.sendPart({ objectKey, uploadId, ...part });
}

function storeFailure(error: unknown): never {
  throw new StoreFailure(wordsOf(error), { cause: error });
}

function archiveReport(
  summary: PackSummary,
  parts: ArchiveReport["parts"],
  durationMs: number,
): Extract<PackOutcome, { kind: "packed" }>["archive"] {
  return {
    parts: [...parts],
    sizeBytes: summary.storedBytes,
    rawBytes: summary.rawBytes,
    files: summary.entries,
    archiveSha256: summary.storedSha256,
    warningCount: summary.warnings.count,
    warnings: summary.warnings.first.map(({ path, detail }) =>
      `${path}: ${detail}`.slice(0, warningCharsMax),
    ),
    durationMs,
  };
}

/** What each kind of fault of the source means for the backup. */
const sourceFailures: Record<Fault["kind"], { code: FailureCode; retryable: boolean }> = {
  missing: { code: "source_missing", retryable: false },
  rejected: { code: "source_unreadable", retryable: false },
  corrupt: { code: "source_unreadable", retryable: false },
  away: { code: "source_unreadable", retryable: true },
  exhausted: { code: "host_failed", retryable: true },
};

function failed(error: unknown): PackOutcome {
  if (error instanceof StoreFailure) {
    const failure = { code: "store_failed" as const, message: error.message };
    return { kind: "failed", failure, retryable: true };
  }
  if (!(error instanceof Fault)) throw error;
  const { code, retryable } = sourceFailures[error.kind];
  return { kind: "failed", failure: { code, message: error.message }, retryable };
}
