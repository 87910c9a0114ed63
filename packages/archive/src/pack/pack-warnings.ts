// Collects what a backup could not take as it was without being wrong: counted in full, kept only to a bound.
import type { LeftOutReason } from "../scan/left-out.ts";

export type PackWarningKind =
  | LeftOutReason
  /** Written to while it was read: the archive holds a mixture of before and after. */
  | "changed";

/** `path` is the archive path as text; bytes that are not UTF-8 read `\xE9`. */
export type PackWarning = { path: string; kind: PackWarningKind; detail: string };

export type PackWarnings = { count: number; first: readonly PackWarning[] };

const keptMax = 20;

/** The place of a warning in the archive's order. */
type Placed = { readonly place: number; readonly warning: PackWarning };

export class WarningList {
  #count = 0;
  #first: Placed[] = [];

  /** `place`: of the entry that it is about, in the archive's order. */
  add(place: number, warning: PackWarning): void {
    this.#count += 1;
    const last = this.#first.at(-1);
    if (this.#first.length === keptMax && last !== undefined && last.place < place) return;
    this.#first = [...this.#first, { place, warning }]
      .toSorted((a, b) => a.place - b.place)
      .slice(0, keptMax);
  }

  /** How many there were, and the first twenty in the archive's order. */
  summary(): PackWarnings {
    return { count: this.#count, first: this.#first.map(({ warning }) => warning) };
  }
}
