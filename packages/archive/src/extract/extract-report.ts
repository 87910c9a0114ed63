// What an extraction has to say at its end: what it made, what it could not do as well as asked, and what was lost.

/** One entry that could not be recovered. */
export type LostEntry = {
  /** The archive path in raw bytes; null when a damaged segment of a bare archive takes the names with it. */
  readonly path: Buffer | null;
  /** What was damaged, for people: `segment 5`. */
  readonly where: string;
  readonly why: string;
};

export type ExtractSummary = {
  readonly files: number;
  readonly directories: number;
  readonly symlinks: number;
  readonly hardlinks: number;
  /** Data of the files made. */
  readonly bytes: number;
  /** What could not be done as well as asked, at most one line for each kind of thing. */
  readonly warnings: readonly string[];
  readonly lost: { readonly count: number; readonly first: readonly LostEntry[] };
};

/** Bound: the first so many are kept; all are counted, and told as they come. */
const lostKeptMax = 1000;

export class ExtractReport {
  files = 0;
  directories = 0;
  symlinks = 0;
  hardlinks = 0;
  bytes = 0;
  /** Entries whose owner or time the system did not let us set. */
  ownersKept = 0;
  timesMissed = 0;
  readonly #lost: LostEntry[] = [];
  #lostCount = 0;
  readonly #onLost: (lost: LostEntry) => void;

  constructor(onLost: ((lost: LostEntry) => void) | undefined) {
    this.#onLost = onLost ?? (() => undefined);
  }

  addLost(lost: LostEntry): void {
    this.#lostCount += 1;
    if (this.#lost.length < lostKeptMax) this.#lost.push(lost);
    this.#onLost(lost);
  }

  summary({ owners, exactTimes }: { owners: boolean; exactTimes: boolean }): ExtractSummary {
    const { files, directories, symlinks, hardlinks, bytes } = this;
    const warnings: string[] = [];
    if (!owners) warnings.push("without root, everything belongs to whoever extracts");
    if (this.ownersKept > 0)
      warnings.push(`the system refused the owner of ${this.ownersKept} entries`);
    if (!exactTimes)
      warnings.push("without perl or python3, times are exact to a microsecond only");
    if (this.timesMissed > 0)
      warnings.push(`the time of ${this.timesMissed} entries could not be set`);
    const lost = { count: this.#lostCount, first: this.#lost };
    return { files, directories, symlinks, hardlinks, bytes, warnings, lost };
  }
}
