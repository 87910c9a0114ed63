// Reads an archive without its manifest and keeps nothing of it: to list what it holds, and to see whether all of it can be decoded.
import type { ReadRanges } from "../read-ranges.ts";
import type { TarEntry } from "../tar-reader/tar-reader.ts";
import { BareReading, type BareReadingOptions, type BareSink } from "./bare-reading.ts";

export type BareEntriesOptions = Omit<BareReadingOptions, "damage"> & {
  /** Takes the entries of each piece of the archive, in their order. The reading waits for it. */
  readonly onEntries: (entries: readonly TarEntry[]) => Promise<void>;
};

/**
 * Reads every byte of a bare archive and tells its entries and what damage costs. Memory is bounded by the pieces that it is read in. Fails
 * with a Fault when the archive cannot be read, or is no tar.
 */
export async function readBareEntries(
  ranges: ReadRanges,
  { onEntries, ...options }: BareEntriesOptions,
): Promise<void> {
  options.signal.throwIfAborted();
  const sink = new EntriesSink(onEntries);
  await new BareReading(sink, { ...options, damage: "keep-going" }).read(ranges);
}

class EntriesSink implements BareSink {
  lastPath: Buffer | undefined;
  readonly #onEntries: BareEntriesOptions["onEntries"];
  #entries: TarEntry[] = [];
  /** Set while a file's data is coming. */
  #file: Buffer | undefined;

  constructor(onEntries: BareEntriesOptions["onEntries"]) {
    this.#onEntries = onEntries;
  }

  onEntry(entry: TarEntry): void {
    this.lastPath = entry.path;
    this.#entries.push(entry);
    this.#file = entry.kind === "file" ? entry.path : undefined;
  }

  onData(): void {
    // Nothing is kept: that it could be decoded is what counts.
  }

  onEntryEnd(): void {
    this.#file = undefined;
  }

  giveUpFile(): Buffer | undefined {
    const path = this.#file;
    this.#file = undefined;
    return path;
  }

  async settle(): Promise<void> {
    const entries = this.#entries;
    this.#entries = [];
    if (entries.length > 0) await this.#onEntries(entries);
  }
}
