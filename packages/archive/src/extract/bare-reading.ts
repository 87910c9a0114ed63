// Goes through an archive without its manifest and tells what comes by, and what damage cost: where it can be gone on behind the damage,
// and where what follows cannot be told apart from the data of a file whose header is lost.
import { Fault, wordsOf } from "@manman/core/fault.ts";
import { mayFollow } from "../manifest/entry-order.ts";
import { printablePath } from "../printable-path.ts";
import type { ReadRanges } from "../read-ranges.ts";
import { tarBlockBytes } from "../tar/tar-header.ts";
import { decodeHeaderBlock, isZeroBlock } from "../tar-reader/tar-header-block.ts";
import { TarReader, type TarEntry, type TarHandler } from "../tar-reader/tar-reader.ts";
import { openBareArchive, type BarePiece } from "./bare-pieces.ts";
import type { LostEntry } from "./extract-report.ts";

/** What an archive is read into. */
export type BareSink = TarHandler & {
  /** The last entry that came, as it stands in the archive. */
  readonly lastPath: Buffer | undefined;
  /** Forgets the file whose data is coming, part of which is lost. Returns its path, if there is one. */
  giveUpFile(): Buffer | undefined;
  /** Does what cannot be done while a piece is being read. Called after each. */
  settle(): Promise<void>;
};

export type BareReadingOptions = {
  /** Whether damage ends the reading, or costs only what is in it. */
  readonly damage: "stop" | "keep-going";
  readonly signal: AbortSignal;
  readonly onLost: (lost: LostEntry) => void;
};

export class BareReading implements TarHandler {
  readonly #sink: BareSink;
  readonly #options: BareReadingOptions;
  readonly #reader: TarReader;
  /** Set after a loss, until an entry has come that fits the order of ours. */
  #isLost = false;

  constructor(sink: BareSink, options: BareReadingOptions) {
    this.#sink = sink;
    this.#options = options;
    this.#reader = new TarReader(this);
  }

  /** Reads all of it, once. Fails with a Fault. */
  async read(ranges: ReadRanges): Promise<void> {
    const { form, pieces } = await openBareArchive(ranges);
    for await (const piece of pieces()) {
      this.#options.signal.throwIfAborted();
      if (piece.kind === "lost") this.#lose(piece);
      else if (!this.#isLost || this.#mayGoOn(piece.bytes)) this.#feed(piece);
      await this.#sink.settle();
      if (this.#isLost && form === "stream") return;
    }
    this.#end();
  }

  onEntry(entry: TarEntry, headerOffset: number, dataOffset: number): void {
    if (this.#isLost) {
      const { lastPath } = this.#sink;
      if (lastPath !== undefined && !mayFollow(lastPath, entry.path, false)) throw new OutOfOrder();
      this.#isLost = false;
    }
    this.#sink.onEntry(entry, headerOffset, dataOffset);
  }

  onData(bytes: Buffer): void {
    this.#sink.onData(bytes);
  }

  onEntryEnd(): void {
    this.#sink.onEntryEnd();
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
        if (this.#sink.lastPath === undefined) throw noArchive(error);
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
    const path = this.#sink.giveUpFile() ?? null;
    this.#options.onLost({ path, where, why });
    if (inFile) {
      this.#reader.skip(rawBytes);
      return;
    }
    if (path !== null) this.#options.onLost({ path: null, where, why });
    this.#reader.resume(rawBytes ?? 0);
    this.#isLost = true;
  }

  #end(): void {
    try {
      this.#reader.end();
    } catch (error) {
      if (this.#sink.lastPath === undefined && !this.#isLost) throw noArchive(error);
      const why = wordsOf(error);
      if (this.#options.damage === "stop")
        throw new Fault("corrupt", `the archive${this.#behind()}`, error);
      this.#options.onLost({
        path: this.#sink.giveUpFile() ?? null,
        where: "the archive's end",
        why,
      });
    }
  }

  #behind(): string {
    const { lastPath } = this.#sink;
    return lastPath === undefined ? "" : ` (behind ${printablePath(lastPath).slice(0, 300)})`;
  }
}

/** Not one entry could be read, and nothing else was wrong. */
function noArchive(error: unknown): Fault {
  return new Fault("corrupt", "is no tar archive, plain or compressed with gzip or zstd", error);
}

/** An entry that cannot stand there in an archive of ours: the data of a lost file looks like a header. */
class OutOfOrder extends Error {}
