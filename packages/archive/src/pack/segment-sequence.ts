// Brings the segments of a pack into the order of the archive: has a bounded number of them made at a time, takes them in turn, and
// has those made again or after each other that turned out different from the plan, because the tree lives on meanwhile.
import type { PlanNumbers } from "../plan/plan-numbers.ts";
import { printablePath } from "../printable-path.ts";
import type { ScanStep } from "../scan/scan-tree.ts";
import { LargeFile } from "./large-file.ts";
import { LinkRepairs } from "./link-repairs.ts";
import type { OpenTree } from "./open-tree.ts";
import { planPack, type PackPiece, type PlacedEntry } from "./pack-plan.ts";
import { WarningList, type PackWarningKind, type PackWarnings } from "./pack-warnings.ts";
import { packedGroup } from "./packed-group.ts";
import type { PackedEntry, PackedSegment } from "./packed-segment.ts";
import type { MadeSegment } from "./segment-job.ts";
import { largeFileUnits, type SegmentUnit } from "./segment-unit.ts";

/** What cannot be said before the last segment. */
export type PackFindings = { readonly warnings: PackWarnings; readonly excludedCount: number };

/** Who makes the segments, and how many at a time. */
export type Making = {
  /** Segments that are being made or wait for their turn. */
  readonly slotsMax: number;
  /** Is called in the order of the archive but for what must be made again. */
  readonly make: (unit: SegmentUnit) => Promise<MadeSegment>;
  /** Takes the memory of a segment back. */
  readonly release: (memory: ArrayBuffer) => void;
  /** Called once, when everything was read and only headers of directories are left. */
  readonly beforeDirectories: () => void;
  /** Ends the sequence with its reason. */
  readonly signal: AbortSignal;
};

type Slot = { readonly unit: SegmentUnit; readonly made: Promise<MadeSegment> };

/** What a made segment comes to: entries that stand in it, and what is to be made after it or, when there are none, in its place. */
type Settled = { readonly entries: readonly PackedEntry[]; readonly next: Iterable<SegmentUnit> };

export class SegmentSequence {
  readonly #tree: OpenTree;
  readonly #numbers: PlanNumbers;
  readonly #warnings = new WarningList();
  readonly #repairs = new LinkRepairs();
  readonly #openFiles = new Set<LargeFile>();
  #excludedCount = 0;
  #segmentCount = 0;

  constructor(tree: OpenTree, numbers: PlanNumbers) {
    this.#tree = tree;
    this.#numbers = numbers;
  }

  get findings(): PackFindings {
    return { warnings: this.#warnings.summary(), excludedCount: this.#excludedCount };
  }

  /** Closes what an end before the last segment has left open. */
  closeFiles(): void {
    for (const file of this.#openFiles) file.close();
  }

  /** The segments of what `steps` found, once. Ends with the first error that making one ends with. */
  async *segments(
    steps: Iterable<ScanStep>,
    making: Making,
  ): AsyncGenerator<PackedSegment, void, void> {
    const { make, slotsMax, signal } = making;
    const listener = {
      onLeftOut: this.#leftOut.bind(this),
      onExcluded: () => void (this.#excludedCount += 1),
    };
    const units = this.#units(planPack(steps, this.#numbers, listener, signal));
    const slots: Slot[] = [];
    let isPlanned = false;
    let isRead = false;
    try {
      for (;;) {
        while (!isPlanned && slots.length < slotsMax) {
          const next = await units.next();
          signal.throwIfAborted();
          if (next.done === true) isPlanned = true;
          else slots.push({ unit: next.value, made: handled(make(next.value)) });
        }
        const slot = slots.shift();
        if (slot === undefined) return;
        const made = await slot.made;
        if (slot.unit.kind === "directories" && !isRead) making.beforeDirectories();
        isRead ||= slot.unit.kind === "directories";
        yield* this.#inTurn(slot.unit, made, making);
      }
    } finally {
      await units.return();
    }
  }

  async *#units(pieces: AsyncIterable<PackPiece>): AsyncGenerator<SegmentUnit, void, void> {
    for await (const piece of pieces) {
      if (piece.kind === "large-file") yield* this.#largeFile(piece.entry);
      else yield piece;
    }
  }

  async *#inTurn(
    unit: SegmentUnit,
    made: MadeSegment,
    making: Making,
  ): AsyncGenerator<PackedSegment, void, void> {
    const { entries, next } = this.#settle(unit, made);
    const isEmpty = unit.kind === "group" && entries.length === 0;
    if (!isEmpty) {
      const number = this.#segmentCount;
      this.#segmentCount += 1;
      yield packedSegment(number, unit, made, entries);
    }
    making.release(made.memory);
    // Nothing may be opened through descriptors that an end has closed meanwhile.
    making.signal.throwIfAborted();
    for (const after of next) yield* this.#inTurn(after, await making.make(after), making);
  }

  #settle(unit: SegmentUnit, made: MadeSegment): Settled {
    switch (unit.kind) {
      case "group":
        return this.#group(unit.entries, made);
      case "file-header":
      case "chunk":
        return { entries: this.#filePart(unit, made), next: [] };
      case "root":
        return { entries: [this.#directory(unit.root)], next: [] };
      case "directories":
        return { entries: unit.directories.map((each) => this.#directory(each)), next: [] };
    }
  }

  #group(entries: readonly PlacedEntry[], made: MadeSegment): Settled {
    const { settledCount, hasOutgrown } = made.group as NonNullable<MadeSegment["group"]>;
    const group = packedGroup(entries, made, this.#segmentCount);
    for (const latin1Path of group.lost) this.#repairs.lose(latin1Path);
    const rest = entries.slice(settledCount);
    const repaired = this.#repairs.repaired(entries.slice(0, settledCount));
    if (repaired !== undefined) {
      return { entries: [], next: this.#regrouped([...repaired, ...rest]) };
    }
    for (const { place, latin1Path, kind, detail } of group.warnings) {
      this.#warn(place, latin1Path, kind, detail);
    }
    return { entries: group.entries, next: this.#regrouped(rest, hasOutgrown) };
  }

  /** Groups again, with the files among them by themselves that are large or have become so. */
  *#regrouped(
    entries: readonly PlacedEntry[],
    isFirstLarge = false,
  ): Generator<SegmentUnit, void, void> {
    let group: PlacedEntry[] = [];
    for (const [at, entry] of entries.entries()) {
      const isLarge =
        entry.dataBytes > this.#numbers.smallFileBytesMax || (at === 0 && isFirstLarge);
      if (!isLarge) {
        group.push(entry);
        continue;
      }
      if (group.length > 0) yield { kind: "group", entries: group };
      group = [];
      yield* this.#largeFile(entry);
    }
    if (group.length > 0) yield { kind: "group", entries: group };
  }

  /** Opens it only when its turn comes. */
  *#largeFile(entry: PlacedEntry): Generator<SegmentUnit, void, void> {
    const file = LargeFile.open(this.#tree, this.#numbers, entry);
    const isStill = file instanceof LargeFile && file.isSameInode;
    if (entry.isLinkedTo && !isStill) this.#repairs.lose(entry.latin1Path);
    if (file instanceof LargeFile) {
      this.#openFiles.add(file);
      yield* largeFileUnits(file);
    } else {
      this.#warn(entry.place, entry.latin1Path, file.reason, file.detail);
    }
  }

  /** The entry of a large file once its last segment is there. */
  #filePart(
    unit: Extract<SegmentUnit, { kind: "file-header" | "chunk" }>,
    made: MadeSegment,
  ): readonly PackedEntry[] {
    const { file } = unit;
    if (unit.kind === "file-header") {
      file.headerSegment = this.#segmentCount;
      if (file.status.sizeBytes > 0) return [];
    } else {
      file.addChunk(this.#segmentCount, made.dataSha256 as Uint8Array);
      if (!unit.isLast) return [];
    }
    const entry = file.packedEntry();
    const { latin1Path, place } = file.entry;
    if (file.changed !== undefined) this.#warn(place, latin1Path, "changed", file.changed);
    this.#openFiles.delete(file);
    file.close();
    return [entry];
  }

  #directory({ latin1Path, status }: Pick<PackedEntry, "latin1Path" | "status">): PackedEntry {
    const headerSegment = this.#segmentCount;
    return { kind: "directory", latin1Path, isRegular: false, status, headerSegment };
  }

  #leftOut(place: number, { latin1Path, leftOut }: Extract<ScanStep, { kind: "left-out" }>): void {
    this.#warn(place, latin1Path, leftOut.reason, leftOut.detail);
  }

  #warn(place: number, latin1Path: string, kind: PackWarningKind, detail: string): void {
    const path = printablePath(Buffer.from(latin1Path, "latin1"));
    this.#warnings.add(place, { path, kind, detail });
  }
}

function packedSegment(
  number: number,
  unit: SegmentUnit,
  made: MadeSegment,
  entries: readonly PackedEntry[],
): PackedSegment {
  const hasFileHeader = unit.kind === "file-header";
  return {
    number,
    kind: unit.kind,
    stored: Buffer.from(made.memory, 0, made.storedBytes),
    rawBytes: made.rawBytes,
    storedSha256: Buffer.from(made.storedSha256),
    ...(unit.kind === "chunk" && {
      chunk: {
        dataBytes: unit.chunk.sizeBytes,
        dataSha256: Buffer.from(made.dataSha256 as Uint8Array),
      },
    }),
    headerCount: hasFileHeader ? 1 : unit.kind === "chunk" ? 0 : entries.length,
    entries,
  };
}

/** A failure is met when its turn comes; until then it must not count as one that nobody looks at. */
function handled<Result>(promise: Promise<Result>): Promise<Result> {
  promise.catch(() => undefined);
  return promise;
}
