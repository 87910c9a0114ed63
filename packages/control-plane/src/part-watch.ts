// Tells the log when a part that is needed goes away and when it is back, once each, however often it is looked at.
import { logFailure, type Log } from "./log.ts";

export class PartWatch {
  readonly name: string;
  readonly #log: Log;
  #hasBeenWell = false;
  #isMissed = false;
  #isAway = false;

  /** `name` begins a sentence: "the broker". */
  constructor(name: string, log: Log) {
    this.name = name;
    this.#log = log;
  }

  /** Whether it did not answer the last time. */
  get isAway(): boolean {
    return this.#isAway;
  }

  /** Takes the outcome of a check: null, or what went wrong. */
  note(trouble: unknown): void {
    const wasAway = this.#isAway;
    this.#isAway = trouble !== null;
    if (trouble === null) {
      if (this.#isMissed) this.#log.info({}, `${this.name} answers again`);
      this.#isMissed = false;
      this.#hasBeenWell = true;
      return;
    }
    // The first look at the start comes before a connection can be there.
    if (this.#isMissed || !(this.#hasBeenWell || wasAway)) return;
    this.#isMissed = true;
    logFailure(this.#log, {}, trouble, `${this.name} does not answer`);
  }
}
