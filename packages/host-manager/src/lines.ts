// Work that stands in line: the steps of one key happen one after another, those of different keys side by side.

export class Lines<Key, Step> {
  readonly #perform: (step: Step, line: readonly Step[]) => Promise<void>;
  readonly #signal: AbortSignal;
  readonly #lines = new Map<Key, Step[]>();
  readonly #working = new Set<Promise<void>>();

  /**
   * `perform` is given a step with its whole line, itself first. It may throw once the signal is aborted: then the line stays where it
   * is, and no other begins. Whatever else it throws is a bug.
   */
  constructor(signal: AbortSignal, perform: (step: Step, line: readonly Step[]) => Promise<void>) {
    this.#signal = signal;
    this.#perform = perform;
  }

  add(key: Key, step: Step): void {
    const line = this.#lines.get(key);
    if (line !== undefined) {
      line.push(step);
      return;
    }
    const begun = [step];
    this.#lines.set(key, begun);
    const working = this.#work(key, begun).finally(() => this.#working.delete(working));
    this.#working.add(working);
  }

  /** The step that is under way. */
  underWay(key: Key): Step | undefined {
    return this.#lines.get(key)?.[0];
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await Promise.all(this.#working);
  }

  async #work(key: Key, line: Step[]): Promise<void> {
    for (let step = line[0]; step !== undefined; step = line[0]) {
      if (this.#signal.aborted) return;
      try {
        await this.#perform(step, line);
      } catch (error) {
        if (!this.#signal.aborted) throw error;
        return;
      }
      line.shift();
    }
    this.#lines.delete(key);
  }
}
