// What has happened in one run: hashed whole, so that two runs of one seed can be compared, and remembered at its end for people.
import { hash } from "./chance.ts";
import type { VirtualTime } from "./virtual-time.ts";

const rememberedMax = 4_000;

export class Trace {
  readonly lines: string[] = [];
  #hash = 0x811c9dc5;
  readonly #time: VirtualTime;
  readonly #keep: boolean;

  constructor(time: VirtualTime, keep: boolean) {
    this.#time = time;
    this.#keep = keep;
  }

  note(what: string, about: string): void {
    const line = `${(this.#time.nowMs / 1_000).toFixed(3).padStart(10)} ${what}: ${about}`;
    this.#hash = hash(line, this.#hash);
    if (!this.#keep) return;
    this.lines.push(line);
    if (this.lines.length > 2 * rememberedMax) this.lines.splice(0, rememberedMax);
  }

  digest(): string {
    return this.#hash.toString(16).padStart(8, "0");
  }
}
