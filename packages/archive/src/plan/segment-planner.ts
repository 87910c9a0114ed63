// Decides which entries of an archive stand together in a segment, in one pass and without keeping more than a group of them.
import { GroupCutter, type GroupEntry } from "./group-cutter.ts";
import type { PlanNumbers } from "./plan-numbers.ts";

/** An entry to be planned. `dataBytes`: the size of a file that carries its data here; 0 for everything else. */
export type PlannableEntry = GroupEntry & { readonly dataBytes: number };

/** Segments in the order of the archive. A large file stands for the segment of its header and those of its chunks. */
export type PlannedPiece<Entry> =
  | { readonly kind: "group"; readonly entries: readonly Entry[] }
  | { readonly kind: "large-file"; readonly entry: Entry };

/** Plans everything that is no directory, in the order of the archive. */
export class SegmentPlanner<Entry extends PlannableEntry> {
  readonly #numbers: PlanNumbers;
  readonly #groups: GroupCutter<Entry>;

  constructor(numbers: PlanNumbers) {
    this.#numbers = numbers;
    this.#groups = new GroupCutter(numbers);
  }

  add(entry: Entry): PlannedPiece<Entry>[] {
    if (entry.dataBytes <= this.#numbers.smallFileBytesMax) {
      return this.#groups.add(entry).map(groupPiece);
    }
    return [...this.#groups.cut().map(groupPiece), { kind: "large-file", entry }];
  }

  end(): PlannedPiece<Entry>[] {
    return this.#groups.cut().map(groupPiece);
  }
}

function groupPiece<Entry>(entries: readonly Entry[]): PlannedPiece<Entry> {
  return { kind: "group", entries };
}

/** One chunk of a large file's data: `sizeBytes` from `offsetBytes` on. */
export type Chunk = { readonly offsetBytes: number; readonly sizeBytes: number };

/** The chunks of a file, in order; none of an empty one. */
export function* chunksOf(fileBytes: number, { chunkBytes }: PlanNumbers): Generator<Chunk> {
  for (let offsetBytes = 0; offsetBytes < fileBytes; offsetBytes += chunkBytes) {
    yield { offsetBytes, sizeBytes: Math.min(chunkBytes, fileBytes - offsetBytes) };
  }
}
