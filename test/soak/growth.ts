// Whether a process has grown: what it holds at the end against what it held when it had warmed up.

/** What a process holds while nothing is under way. */
export type ProcessSample = {
  readonly name: string;
  /** Bytes in use after a collection. */
  readonly heapBytes: number;
  /** Open descriptors: files, sockets, pipes. */
  readonly descriptors: number;
  /** What keeps node's event loop going, as it counts it, without timers. */
  readonly resources: number;
  /** For information: timers come and go with connections and calls, and one that is forgotten shows in the heap. */
  readonly timers: number;
  /** For information: it follows the heap late, if at all. */
  readonly residentBytes: number;
};

/** How much more may be there at the end; one handle more is always let pass, which of nine would be more than a tenth. */
const growthMost = 0.1;

const bounded = ["heapBytes", "descriptors", "resources"] as const;

/** One sentence for each figure that is more than a tenth above the earlier one. What has become less is no leak. */
export function growthBetween(
  before: readonly ProcessSample[],
  after: readonly ProcessSample[],
): readonly string[] {
  return before.flatMap((early) => {
    const late = after.find(({ name }) => name === early.name);
    if (late === undefined) return [`${early.name} was not measured at the end`];
    return bounded
      .filter(
        (figure) => late[figure] > Math.max(early[figure] * (1 + growthMost), early[figure] + 1),
      )
      .map((figure) => {
        const percent = ((late[figure] / early[figure] - 1) * 100).toFixed(1);
        return `${early.name}: ${figure} grew by ${percent} %, from ${early[figure]} to ${late[figure]}`;
      });
  });
}

/** The least of each figure over some samples of one process: what a passing call adds is not held. */
export function leastOf(samples: readonly ProcessSample[]): ProcessSample {
  const least = (figure: Exclude<keyof ProcessSample, "name">): number =>
    Math.min(...samples.map((sample) => sample[figure]));
  return {
    name: samples[0]?.name ?? "",
    heapBytes: least("heapBytes"),
    descriptors: least("descriptors"),
    resources: least("resources"),
    timers: least("timers"),
    residentBytes: least("residentBytes"),
  };
}
