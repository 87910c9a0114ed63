// Lets pieces of asynchronous work happen one after another, in the order in which they were asked for.

export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs `work` when everything before it has ended, whether that went well or not. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work, work);
    // What goes wrong is told to whoever asked; the next turn comes all the same.
    this.#last = turn.catch(() => undefined);
    return await turn;
  }
}
