// Makes a tree of an archive whose manifest is lost, or that never had one. Its digests are lost with it: what remains are the checksums of
// gzip, zstd and tar.
import { Fault, wordsOf } from "@manman/core/fault.ts";
import { mayFollow } from "../manifest/entry-order.ts";
import { printablePath } from "../printable-path.ts";
import type { ReadRanges } from "../read-ranges.ts";
import { tarBlockBytes } from "../tar/tar-header.ts";
import { decodeHeaderBlock, isZeroBlock } from "../tar-reader/tar-header-block.ts";
import { TarReader, type TarEntry, type TarHandler } from "../tar-reader/tar-reader.ts";
import { openBareArchive, type BarePiece } from "./bare-pieces.ts";
import { BareTree, type BareLimits } from "./bare-tree.ts";
import { requireEmptyTarget } from "./empty-target.ts";
import { openTimeSetter } from "./exact-times.ts";
import type { ExtractOptions } from "./extract-options.ts";
import { ExtractReport, type ExtractSummary } from "./extract-report.ts";
import { PathSelection } from "./path-selection.ts";
import { TreeFinisher } from "./tree-finisher.ts";

export type BareExtractOptions = ExtractOptions & {
  /** Without totals to hold it to, nothing else ends a bomb. */
  readonly limits: BareLimits;
};

/**
 * Extracts a bare archive into an empty directory: ours with any codec, or any tar of GNU tar or bsdtar, plain or compressed with gzip or
 * zstd. Fails as `extractArchive` does. With `keep-going`, a damaged segment of ours costs what is in it; a stream ends where it is damaged.
 */
export async function extractBareArchive(
  ranges: ReadRanges,
  options: BareExtractOptions,
): Promise<ExtractSummary> {
  options.signal.throwIfAborted();
  const { targetFd, outwardLinks, limits } = options;
  await requireEmptyTarget(targetFd);
  const owners = options.owners ?? process.geteuid?.() === 0;
  const report = new ExtractReport(options.onLost);
  const times = await openTimeSetter(targetFd);
  const selection = new PathSelection(options.paths);
  const tree = new BareTree(targetFd, { owners, times, selection, limits }, report);
  const finisher = new TreeFinisher(
    targetFd,
    { outwardLinks, owners, replace: false },
    times,
    report,
  );
  try {
    await new BareReading(tree, options, report).read(ranges);
    for (const { path, target } of await tree.finish(finisher)) {
      const why = `its data was to be in ${printablePath(target)}, which is not there`;
      if (options.damage === "stop")
        throw new Fault("corrupt", `extract ${printablePath(path)}: ${why}`);
      report.addLost({ path, where: "hard link", why });
    }
    return report.summary({ owners, exactTimes: times !== undefined });
  } finally {
    tree.close();
    finisher.close();
    await times?.close();
  }
}

class BareReading implements TarHandler {
  readonly #tree: BareTree;
  readonly #options: BareExtractOptions;
  readonly #report: ExtractReport;
  readonly #reader: TarReader;
  /** Set after a loss, until an entry has come that fits the order of ours. */
  #isLost = false;

  constructor(tree: BareTree, options: BareExtractOptions, report: ExtractReport) {
    this.#tree = tree;
    this.#options = options;
    this.#report = report;
    this.#reader = new TarReader(this);
  }

  async read(ranges: ReadRanges): Promise<void> {
    const { form, pieces } = await openBareArchive(ranges);
    for await (const piece of pieces()) {
      this.#options.signal.throwIfAborted();
      if (piece.kind === "lost") this.#lose(piece);
      else if (!this.#isLost || this.#mayGoOn(piece.bytes)) this.#feed(piece);
      await this.#tree.settle();
      if (this.#isLost && form === "stream") return;
    }
    this.#end();
  }

  onEntry(entry: TarEntry): void {
    if (this.#isLost) {
      const { lastPath } = this.#tree;
      if (lastPath !== undefined && !mayFollow(lastPath, entry.path, false)) throw new OutOfOrder();
      this.#isLost = false;
    }
    this.#tree.onEntry(entry);
  }

  onData(bytes: Buffer): void {
    this.#tree.onData(bytes);
  }

  onEntryEnd(): void {
    this.#tree.onEntryEnd();
  }

  #feed(piece: BarePiece & { kind: "raw" }): void {
    try {
      this.#reader.feed(piece.bytes);
    } catch (error) {
      if (error instanceof OutOfOrder) {
        this.#lose({
          ...piece,
          kind: "lost",
          why: "what stands in it has lost its header",
          rawBytes: undefined,
        });
      } else if (error instanceof Fault) {
        throw error;
      } else {
        // What no tar may hold is an attack or a defect, and no damage, since the piece's own checksum was right.
        throw new Fault("corrupt", `${piece.where}${this.#behind()}`, error);
      }
    }
  }

  /** After a loss, only a segment that begins with a header can be read on from. */
  #mayGoOn(bytes: Buffer): boolean {
    const block = bytes.subarray(0, tarBlockBytes);
    if (block.length < tarBlockBytes) return false;
    if (isZeroBlock(block)) return true;
    try {
      decodeHeaderBlock(block);
      return true;
    } catch {
      return false;
    }
  }

  #lose({ where, why, rawBytes }: BarePiece & { kind: "lost" }): void {
    if (this.#options.damage === "stop") throw new Fault("corrupt", `${where}: ${why}`);
    const inFile = rawBytes !== undefined && rawBytes <= this.#reader.entryBytesLeft;
    const path = this.#tree.giveUpFile() ?? null;
    this.#report.addLost({ path, where, why });
    if (inFile) {
      this.#reader.skip(rawBytes);
      return;
    }
    if (path !== null) this.#report.addLost({ path: null, where, why });
    this.#reader.resume(rawBytes ?? 0);
    this.#isLost = true;
  }

  #end(): void {
    try {
      this.#reader.end();
    } catch (error) {
      const why = wordsOf(error);
      if (this.#options.damage === "stop")
        throw new Fault("corrupt", `the archive${this.#behind()}`, error);
      this.#report.addLost({
        path: this.#tree.giveUpFile() ?? null,
        where: "the archive's end",
        why,
      });
    }
  }

  #behind(): string {
    const { lastPath } = this.#tree;
    return lastPath === undefined ? "" : ` (behind ${printablePath(lastPath).slice(0, 300)})`;
  }
}

/** An entry that cannot stand there in an archive of ours: the data of a lost file looks like a header. */
class OutOfOrder extends Error {}
