// Gathers what is to be written from each segment while entries go by, so that every segment is fetched and decoded once.
import type { Piece } from "../manifest/extent-rules.ts";
import type { LargeFile, LargeEntry } from "./large-file.ts";

export type SmallPart = {
  readonly kind: "small";
  readonly entry: LargeEntry;
  readonly piece: Piece;
};
export type LargePart = {
  readonly kind: "large";
  readonly file: LargeFile;
  /** Counts the file's pieces from 0. */
  readonly number: number;
  readonly piece: Piece;
};
export type SegmentPart = SmallPart | LargePart;

/** Everything that is written from one segment. */
export type SegmentWork = {
  readonly source: Piece["source"];
  readonly segment: number;
  readonly parts: SegmentPart[];
};

/** Holds what belongs to one segment of each archive; their pieces ascend, so that a piece of a later one completes it. */
export class SegmentTasks {
  readonly #open = new Map<Piece["source"], SegmentWork>();

  /** Adds a part. Returns the work that is complete with it, if any. */
  add(part: SegmentPart): SegmentWork | undefined {
    const { source, segment } = part.piece;
    const current = this.#open.get(source);
    if (current?.segment === segment) {
      current.parts.push(part);
      return undefined;
    }
    this.#open.set(source, { source, segment, parts: [part] });
    return current;
  }

  /** What is left at the end. */
  takeAll(): SegmentWork[] {
    const all = [...this.#open.values()];
    this.#open.clear();
    return all;
  }
}
