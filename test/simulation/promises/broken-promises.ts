// The promises that were broken in one run: which, by what and when.
export class BrokenPromises {
  readonly list: string[] = [];
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  add(promise: string, about: string): void {
    this.list.push(`${promise}: ${about} (at ${(this.#nowMs() / 1_000).toFixed(3)} s)`);
  }

  /** A bug that a process has noticed by itself. */
  bug(why: string): void {
    this.add("no process meets a bug", why);
  }

  /** After everything was well again for so long, something is still under way. */
  stuck(what: string): void {
    this.add("nothing is stuck", what);
  }
}
