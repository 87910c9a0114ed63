// Cuts a sequence of small entries into groups, each of which becomes a segment. Where it cuts follows from the entries' paths and
// sizes alone: two trees that differ in one file have the same groups but for those beside it.
import { pathHash } from "./path-hash.ts";
import type { PlanNumbers } from "./plan-numbers.ts";

/** What is known of an entry when its place is decided. */
export type GroupEntry = {
  /** In the archive, one character a byte. */
  readonly latin1Path: string;
  readonly framedBytes: number;
};

export class GroupCutter<Entry extends GroupEntry> {
  readonly #numbers: PlanNumbers;
  #group: Entry[] = [];
  #groupBytes = 0;

  constructor(numbers: PlanNumbers) {
    this.#numbers = numbers;
  }

  /** Takes the next entry and gives the groups that are complete thereby: none, one, or, after an entry that fills a group by itself, two. */
  add(entry: Entry): Entry[][] {
    const { groupBytesMax, groupBytesMin } = this.#numbers;
    const complete: Entry[][] = [];
    if (this.#groupBytes + entry.framedBytes > groupBytesMax) complete.push(...this.cut());
    this.#group.push(entry);
    this.#groupBytes += entry.framedBytes;
    if (this.#groupBytes >= groupBytesMin && this.#cutsAfter(entry)) complete.push(...this.cut());
    return complete;
  }

  /** Ends the group that is open, whatever it holds; gives nothing when it is empty. */
  cut(): Entry[][] {
    if (this.#group.length === 0) return [];
    const group = this.#group;
    this.#group = [];
    this.#groupBytes = 0;
    return [group];
  }

  /** The larger an entry, the likelier: so the bytes between two cuts do not depend on the size of the files. */
  #cutsAfter({ latin1Path, framedBytes }: Entry): boolean {
    const share = Math.floor((framedBytes * 2 ** 32) / this.#numbers.groupBytesTarget);
    return pathHash(latin1Path) < Math.min(2 ** 32, share);
  }
}
