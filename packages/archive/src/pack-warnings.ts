// Collects what a backup could not take as it was without being wrong: counted in full, kept only to a bound.

export type PackWarningKind =
  /** A socket, fifo or device: archives do not hold those. */
  | "skipped"
  /** Was listed, and gone when it was opened; left out. */
  | "vanished"
  /** Became something else (a symlink, a directory) between listing and opening; left out. */
  | "replaced"
  /** Written to while it was read: the archive holds a mixture of before and after. */
  | "changed";

/** `path` is the archive path as text; bytes that are not UTF-8 read `\xE9`. */
export type PackWarning = { path: string; kind: PackWarningKind; detail: string };

export type PackWarnings = { count: number; first: readonly PackWarning[] };

const keptMax = 20;

export class WarningList {
  #count = 0;
  readonly #first: PackWarning[] = [];

  add(warning: PackWarning): void {
    this.#count += 1;
    if (this.#first.length < keptMax) this.#first.push(warning);
  }

  /** How many there were, and the first twenty in the archive's order. */
  summary(): PackWarnings {
    return { count: this.#count, first: [...this.#first] };
  }
}
