// Reads from an open manifest no more than what is asked, a block at a time. Every byte is checked against a digest before it
// is decoded, and everything decoded against what a packer may write.
import { isDirectoryPath } from "../archive-path.ts";
import { printablePath } from "../printable-path.ts";
import { readAheadRanges, type ReadRanges } from "../read-ranges.ts";
import { BlockCache } from "./block-cache.ts";
import { decodeEntries } from "./entry-columns.ts";
import { mayFollow } from "./entry-order.ts";
import { field, objectOf } from "./json-fields.ts";
import { blockTextBytesMax } from "./manifest-bounds.ts";
import type { IndexedBlock, ManifestIndex } from "./manifest-index.ts";
import { decodeLine } from "./manifest-line.ts";
import { corrupt, readChecked, within } from "./manifest-reading.ts";
import type {
  ManifestEntry,
  ManifestHeader,
  ManifestTotals,
  PlacedSegment,
} from "./manifest-records.ts";
import type { PathRanges } from "./path-ranges.ts";
import { decodeSegments } from "./segment-columns.ts";

const aheadBytes = 4 * 1024 * 1024;
/** Blocks of segments that are kept for those who ask for single ones: a few hundred kilobytes each. */
const segmentBlocksKept = 4;

export class Manifest {
  readonly header: ManifestHeader;
  readonly #ranges: ReadRanges;
  readonly #index: ManifestIndex;
  readonly #entryBlocks: readonly number[];
  readonly #segmentBlocks: readonly NumberedBlock[];
  readonly #cache = new BlockCache<PlacedSegment[]>(segmentBlocksKept);

  constructor(ranges: ReadRanges, header: ManifestHeader, index: ManifestIndex) {
    this.#ranges = ranges;
    this.header = header;
    this.#index = index;
    this.#entryBlocks = index.blocks.flatMap(({ firstPath }, at) =>
      firstPath === null ? [] : [at],
    );
    this.#segmentBlocks = numberedBlocks(index.blocks);
  }

  get totals(): ManifestTotals {
    return this.#index.totals;
  }

  /** The path of the tree's root, with its slash; all others begin with it. */
  get rootPath(): Buffer {
    const first = this.#index.blocks[this.#entryBlocks[0] ?? -1]?.firstPath;
    if (first === undefined || first === null) throw corrupt("manifest", "has no entries");
    return first;
  }

  /** The archive's identity: SHA-256 over the concatenated SHA-256 of its stored segments. */
  get root(): Buffer {
    return this.#index.root;
  }

  /**
   * The entries in the archive's order, a block in memory at a time, read ahead by 4 MiB. With `wanted`, only blocks that may hold an
   * entry of those ranges are read, and entries outside may still be among what comes. Fails with a Fault that names the block.
   */
  async *entries(wanted?: PathRanges): AsyncGenerator<ManifestEntry, void, void> {
    for await (const block of this.entryBlocks({ wanted })) yield* block.entries;
  }

  /**
   * The same, a block at a time; with `kind`, only those with what is no directory (and the root), or only those with directories.
   * `number` is what `entriesOfBlock` takes.
   */
  async *entryBlocks({ wanted, kind }: BlockChoice = {}): AsyncGenerator<EntryBlock, void, void> {
    const ahead = wanted === undefined ? readAheadRanges(this.#ranges, aheadBytes) : this.#ranges;
    let before: { path: Buffer; isRoot: boolean } | undefined;
    const { blocks } = this.#index;
    for (const [at, number] of this.#entryBlocks.entries()) {
      const next = blocks[this.#entryBlocks[at + 1] ?? -1];
      if (kind !== undefined && blocks[number]?.kind !== kind) continue;
      if (wanted !== undefined && !wanted.meets(blocks[number] as IndexedBlock, next)) continue;
      const entries = await this.#readEntries(ahead, number);
      const first = (entries[0] as ManifestEntry).path;
      if (before !== undefined && !mayFollow(before.path, first, before.isRoot)) {
        throw corrupt(this.#nameOf(number), "begins before the end of the block before");
      }
      const isRoot = at === 0 && entries.length === 1;
      before = { path: (entries.at(-1) as ManifestEntry).path, isRoot };
      yield { number, entries };
    }
  }

  /** The entries of one block, by the number that it was handed out with. */
  async entriesOfBlock(number: number): Promise<readonly ManifestEntry[]> {
    return await this.#readEntries(this.#ranges, number);
  }

  /** The entry with exactly this path (a directory's ends in a slash), or undefined. Reads one block. */
  async find(path: Buffer): Promise<ManifestEntry | undefined> {
    const number = this.#blockOf(path);
    if (number === undefined) return undefined;
    const entries = await this.#readEntries(this.#ranges, number);
    return entries.find((entry) => entry.path.equals(path));
  }

  /** The segments in order, from number `from` on. */
  async *segments(from = 0): AsyncGenerator<PlacedSegment, void, void> {
    const ahead = readAheadRanges(this.#ranges, aheadBytes);
    for (const { number, first, count } of this.#segmentBlocks) {
      if (first + count <= from) continue;
      const segments = await this.#readSegments(ahead, number, first);
      yield* segments.slice(Math.max(0, from - first));
    }
  }

  /** One segment. Fails with a Fault `corrupt` when the archive has none of this number. Neighbours that follow cost no further read. */
  async segment(number: number): Promise<PlacedSegment> {
    const place = this.#segmentBlocks.findLastIndex(({ first }) => first <= number);
    const block = this.#segmentBlocks[place];
    if (block === undefined || number >= block.first + block.count) {
      throw corrupt(
        "manifest",
        `names segment ${number}, and the archive has ${this.totals.segments}`,
      );
    }
    const segments = await this.#cache.get(
      block.number,
      async () => await this.#readSegments(this.#ranges, block.number, block.first),
    );
    return segments[number - block.first] as PlacedSegment;
  }

  async #readEntries(ranges: ReadRanges, number: number): Promise<ManifestEntry[]> {
    const block = this.#index.blocks[number] as IndexedBlock;
    return await this.#decoded(ranges, number, (line) => {
      const entries = decodeEntries(field(line, "entries"), block.count, this.header.numbers);
      const isFirst = number === this.#entryBlocks[0];
      requireOrder(entries, block, isFirst);
      requireBelow(this.rootPath, entries);
      return entries;
    });
  }

  async #readSegments(ranges: ReadRanges, number: number, first: number): Promise<PlacedSegment[]> {
    const block = this.#index.blocks[number] as IndexedBlock;
    return await this.#decoded(ranges, number, (line) =>
      decodeSegments(field(line, "segments"), block.count, first),
    );
  }

  async #decoded<T>(
    ranges: ReadRanges,
    number: number,
    decode: (line: Readonly<Record<string, unknown>>) => T,
  ): Promise<T> {
    const block = this.#index.blocks[number] as IndexedBlock;
    const name = this.#nameOf(number);
    const stored = await readChecked(ranges, block, name);
    return await within(name, async () => {
      return decode(objectOf(await decodeLine(stored, blockTextBytesMax), "the line"));
    });
  }

  /** Where a block is and what it holds, for people: `manifest block 3 (entries from game/a)`. */
  #nameOf(number: number): string {
    const block = this.#index.blocks[number] as IndexedBlock;
    if (block.firstPath !== null) {
      return `manifest block ${number} (entries from ${printablePath(block.firstPath).slice(0, 200)})`;
    }
    const first = this.#segmentBlocks.find((numbered) => numbered.number === number)?.first;
    return `manifest block ${number} (segments from ${first})`;
  }

  #blockOf(path: Buffer): number | undefined {
    const { blocks } = this.#index;
    const isRoot = this.#entryBlocks.length > 0 && path.equals(this.rootPath);
    const kind = isDirectoryPath(path) && !isRoot ? "descending" : "ascending";
    let [low, high] = [0, this.#entryBlocks.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const block = blocks[this.#entryBlocks[middle] as number] as IndexedBlock;
      if (startsAfter(block, path, kind)) high = middle;
      else low = middle + 1;
    }
    const found = this.#entryBlocks[low - 1];
    return found !== undefined && blocks[found]?.kind === kind ? found : undefined;
  }
}

export type BlockChoice = {
  readonly wanted?: PathRanges | undefined;
  readonly kind?: "ascending" | "descending";
};

export type EntryBlock = { readonly number: number; readonly entries: readonly ManifestEntry[] };

type NumberedBlock = { readonly number: number; readonly first: number; readonly count: number };

function numberedBlocks(blocks: readonly IndexedBlock[]): NumberedBlock[] {
  const numbered: NumberedBlock[] = [];
  let first = 0;
  for (const [number, { kind, count }] of blocks.entries()) {
    if (kind !== "segments") continue;
    numbered.push({ number, first, count });
    first += count;
  }
  return numbered;
}

/** Whether a block begins behind the place of a path of that kind. */
function startsAfter(block: IndexedBlock, path: Buffer, kind: IndexedBlock["kind"]): boolean {
  if (block.kind !== kind) return block.kind === "descending";
  const order = Buffer.compare(block.firstPath as Buffer, path);
  return kind === "ascending" ? order > 0 : order < 0;
}

function requireOrder(
  entries: readonly ManifestEntry[],
  block: IndexedBlock,
  isFirst: boolean,
): void {
  const [first] = entries;
  if (first === undefined || !first.path.equals(block.firstPath as Buffer)) {
    throw new Error("does not begin as the index says");
  }
  if (isFirst && first.kind !== "directory") throw new Error("does not begin with the root");
  for (const [at, { path }] of entries.entries()) {
    const before = entries[at - 1]?.path;
    if (before !== undefined && !mayFollow(before, path, isFirst && at === 1)) {
      throw new Error(`has ${printablePath(path).slice(0, 200)} out of order, or twice`);
    }
    const inKind =
      isFirst && at === 0 ? true : isDirectoryPath(path) === (block.kind === "descending");
    if (!inKind)
      throw new Error(`has ${printablePath(path).slice(0, 200)} among entries of another kind`);
  }
}

function requireBelow(rootPath: Buffer, entries: readonly ManifestEntry[]): void {
  for (const { path } of entries) {
    if (!path.subarray(0, rootPath.length).equals(rootPath)) {
      throw new Error(`has ${printablePath(path).slice(0, 200)} beside the root`);
    }
  }
}
