// Makes the files of a tree, segments side by side: whole small files by the threads that decode them, large ones piece by piece.
import { Fault } from "@manman/core/fault.ts";
import { AscendingExtents, piecesOf, type Piece } from "../manifest/extent-rules.ts";
import { corrupt } from "../manifest/manifest-reading.ts";
import { printablePath } from "../printable-path.ts";
import { BoundedWork } from "./bounded-work.ts";
import { DirectoryChain } from "./directory-chain.ts";
import type { TimeSetter } from "./exact-times.ts";
import type { ManifestExtractOptions } from "./extract-options.ts";
import type { ExtractReport } from "./extract-report.ts";
import type { ExtractTask, FilePiece, WholeFile, WorkerSetting } from "./extract-task.ts";
import { LargeFile, type LargeEntry } from "./large-file.ts";
import { fetchSegment, segmentName, sourceOf, type ArchiveSources } from "./segment-fetch.ts";
import { SegmentTasks, type LargePart, type SegmentWork, type SmallPart } from "./segment-tasks.ts";
import type { WorkerPool } from "./worker-pool.ts";

/** Segments under way for each worker: one being written, one waiting, one on its way. */
const segmentsPerWorker = 3;
const emptyFilesPerTask = 500;

export type FileExtractionParts = {
  readonly sources: ArchiveSources;
  readonly options: ManifestExtractOptions;
  readonly setting: WorkerSetting;
  readonly pool: WorkerPool;
  readonly workers: number;
  readonly times: TimeSetter | undefined;
  readonly report: ExtractReport;
};

export class FileExtraction {
  readonly #parts: FileExtractionParts;
  readonly #work: BoundedWork;
  readonly #chain: DirectoryChain;
  readonly #openFiles = new Set<LargeFile>();
  readonly #tasks = new SegmentTasks();
  readonly #order = new AscendingExtents();
  #emptyFiles: LargeEntry[] = [];
  #filesSeen = 0;
  #bytesSeen = 0;
  #directoriesMade = 0;

  constructor(parts: FileExtractionParts) {
    this.#parts = parts;
    this.#work = new BoundedWork(Math.max(1, parts.workers) * segmentsPerWorker);
    this.#chain = new DirectoryChain(parts.setting.targetFd);
  }

  /** Adds the next file in the manifest's order. Fails with whatever went wrong so far. */
  async add(entry: LargeEntry): Promise<void> {
    this.#requireWithinTotals(entry);
    for (const piece of this.#piecesOf(entry)) {
      if (!this.#order.takes(piece)) {
        throw corrupt(
          `extent of ${printablePath(entry.path)}`,
          "begins before the one in front of it ends",
        );
      }
    }
    await this.#addPieces(entry);
  }

  /** Adds a file out of order, whose data was passed by already. */
  async addCopy(entry: LargeEntry): Promise<void> {
    this.#requireWithinTotals(entry);
    await this.#addPieces(entry);
    await this.#flush();
  }

  /** Waits until all files are made. */
  async finish(): Promise<void> {
    await this.#flush();
    await this.#work.finish();
  }

  /** Waits for what is under way and closes what is open, after a failure too. */
  async close(): Promise<void> {
    await this.#work.settle();
    for (const file of this.#openFiles) file.close();
    this.#openFiles.clear();
    this.#chain.close();
  }

  #piecesOf({ extents, sizeBytes }: LargeEntry): Iterable<Piece> {
    return piecesOf(extents, sizeBytes, this.#parts.sources.own.manifest.header.numbers);
  }

  async #addPieces(entry: LargeEntry): Promise<void> {
    const { smallFileBytesMax } = this.#parts.sources.own.manifest.header.numbers;
    if (entry.sizeBytes > smallFileBytesMax) {
      await this.#addLarge(entry);
    } else if (entry.sizeBytes > 0) {
      const [piece] = this.#piecesOf(entry);
      await this.#start(this.#tasks.add({ kind: "small", entry, piece: piece as Piece }));
    } else {
      this.#emptyFiles.push(entry);
      if (this.#emptyFiles.length === emptyFilesPerTask) await this.#makeEmptyFiles();
    }
  }

  async #addLarge(entry: LargeEntry): Promise<void> {
    const { chunkBytes } = this.#parts.sources.own.manifest.header.numbers;
    const pieces = Math.ceil(entry.sizeBytes / chunkBytes);
    const file = new LargeFile(entry, pieces, this.#chain, this.#parts.setting.replace);
    this.#openFiles.add(file);
    let number = 0;
    for (const piece of this.#piecesOf(entry)) {
      await this.#start(this.#tasks.add({ kind: "large", file, number, piece }));
      number += 1;
    }
  }

  async #flush(): Promise<void> {
    for (const work of this.#tasks.takeAll()) await this.#start(work);
    await this.#makeEmptyFiles();
  }

  async #makeEmptyFiles(): Promise<void> {
    const entries = this.#emptyFiles;
    if (entries.length === 0) return;
    this.#emptyFiles = [];
    const files = entries.map((entry) => wholeFile(entry, 0));
    await this.#work.start(async () => {
      await this.#writeFiles({ name: "empty files", segment: null, files, pieces: [] }, entries);
    });
  }

  async #start(work: SegmentWork | undefined): Promise<void> {
    if (work === undefined) return;
    this.#parts.options.signal.throwIfAborted();
    await this.#work.start(async () => {
      await this.#doWork(work);
    });
  }

  async #doWork(work: SegmentWork): Promise<void> {
    const { options } = this.#parts;
    const { source, segment } = work;
    const small = work.parts.filter((part) => part.kind === "small");
    const large = work.parts.filter((part) => part.kind === "large");
    if (small.length === 0 && large.every(({ file }) => file.damage !== undefined)) {
      for (const part of large) await this.#pieceEnded(part, undefined);
      return;
    }
    try {
      if (options.isSegmentDone?.(source, segment) === true && (await this.#isThere(large))) {
        return;
      }
      await this.#extractSegment(work, small, large);
    } catch (error) {
      if (!(error instanceof Fault && error.kind === "corrupt") || options.damage === "stop")
        throw error;
      await this.#lose(segmentName(source, segment), error.message, small, large);
      return;
    }
    options.onSegmentDone?.(source, segment);
  }

  async #extractSegment(
    { source, segment: number }: SegmentWork,
    small: readonly SmallPart[],
    large: readonly LargePart[],
  ): Promise<void> {
    const { sources } = this.#parts;
    const archive = sourceOf(sources, source);
    const segment = await archive.manifest.segment(number);
    const name = segmentName(source, number);
    for (const { piece } of [...small, ...large]) {
      if (piece.rawOffset + piece.bytes > segment.rawBytes) {
        throw corrupt(`${name}:`, "an entry's extent reaches beyond it");
      }
    }
    const { codec } = archive.manifest.header;
    const { storedSha256, rawBytes, chunk } = segment;
    const stored = await fetchSegment(archive, segment, name);
    const task = {
      name,
      segment: { codec, stored, storedSha256, rawBytes, chunk },
      files: small.map(({ entry, piece }) => wholeFile(entry, piece.rawOffset)),
      pieces: large.map(filePiece),
    };
    const digests = await this.#writeFiles(
      task,
      small.map(({ entry }) => entry),
    );
    for (const [at, part] of large.entries()) await this.#pieceEnded(part, digests[at]);
  }

  /** Whether the pieces that an earlier run wrote are still there to be digested; small files of a done segment are. */
  async #isThere(large: readonly LargePart[]): Promise<boolean> {
    if (large.some(({ file }) => !file.isReopened)) return false;
    if (large.length === 0) return true;
    const task = { name: "pieces on disk", segment: null, files: [], pieces: large.map(filePiece) };
    const { pieceDigests } = await this.#parts.pool.run(task);
    for (const [at, part] of large.entries()) await this.#pieceEnded(part, pieceDigests[at]);
    return true;
  }

  async #writeFiles(
    task: Omit<ExtractTask, "id">,
    entries: readonly LargeEntry[],
  ): Promise<readonly Uint8Array[]> {
    const { pool, report, times, options } = this.#parts;
    const done = await pool.run(task);
    const damaged = new Set(done.damagedFiles);
    for (const at of damaged) {
      const { path } = entries[at] as LargeEntry;
      const why = "its data has another SHA-256";
      if (options.damage === "stop") throw corrupt(`extract ${printablePath(path)}:`, why);
      report.addLost({ path, where: task.name, why });
    }
    const made = entries.filter((_, at) => !damaged.has(at));
    report.files += made.length;
    report.bytes += made.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    report.ownersKept += done.ownersKept;
    this.#countDirectories(done.directories);
    if (times !== undefined) report.timesMissed += await times.set(made.map(timedPath));
    return done.pieceDigests;
  }

  async #pieceEnded({ file, number }: LargePart, sha256: Uint8Array | undefined): Promise<void> {
    if (!file.pieceEnded(number, sha256)) return;
    const { report, setting, times, options } = this.#parts;
    this.#openFiles.delete(file);
    try {
      if (file.isWhole) {
        if (!file.keep(setting.owners, setting.times)) report.ownersKept += 1;
      } else {
        file.damage ??= { where: "its segments", why: "its data has another SHA-256" };
        file.remove(this.#chain);
      }
    } finally {
      file.close();
    }
    const { entry, damage } = file;
    if (damage !== undefined) {
      if (options.damage === "stop")
        throw corrupt(`extract ${printablePath(entry.path)}:`, damage.why);
      report.addLost({ path: entry.path, ...damage });
      return;
    }
    report.files += 1;
    report.bytes += entry.sizeBytes;
    if (times !== undefined) report.timesMissed += await times.set([timedPath(entry)]);
  }

  /** One damaged segment costs the files that have data in it. */
  async #lose(
    where: string,
    why: string,
    small: readonly SmallPart[],
    large: readonly LargePart[],
  ): Promise<void> {
    for (const { entry } of small) this.#parts.report.addLost({ path: entry.path, where, why });
    for (const part of large) {
      part.file.damage ??= { where, why };
      await this.#pieceEnded(part, undefined);
    }
  }

  /** No more may come than the totals announced, by which space was made ready. */
  #requireWithinTotals({ path, sizeBytes }: LargeEntry): void {
    const { totals } = this.#parts.sources.own.manifest;
    this.#filesSeen += 1;
    this.#bytesSeen += sizeBytes;
    if (this.#filesSeen > totals.files || this.#bytesSeen > totals.fileBytes) {
      throw corrupt(
        `extract ${printablePath(path)}:`,
        "with it there is more than the manifest's totals say",
      );
    }
  }

  #countDirectories(made: number): void {
    this.#directoriesMade += made;
    if (this.#directoriesMade > this.#parts.sources.own.manifest.totals.directories) {
      throw corrupt("extract:", "files lie in more directories than the manifest's totals say");
    }
  }
}

function wholeFile(entry: LargeEntry, rawOffset: number): WholeFile {
  const { path, sizeBytes, sha256, mode, uid, gid, mtimeNs } = entry;
  const latin1Path = path.toString("latin1");
  const mtimeSeconds = Number(mtimeNs) / 1e9;
  return { latin1Path, rawOffset, sizeBytes, sha256, mode, uid, gid, mtimeSeconds };
}

function filePiece({ file: { fd, latin1Path }, piece }: LargePart): FilePiece {
  const { fileOffset, rawOffset, bytes } = piece;
  return { fd, latin1Path, fileOffset, rawOffset, bytes };
}

function timedPath({ path, mtimeNs }: LargeEntry): { latin1Path: string; mtimeNs: bigint } {
  return { latin1Path: path.toString("latin1"), mtimeNs };
}
