// Keeps the few blocks that were asked for last, so that neighbours are read once.

/** Bound: `blocksMax` values. Those who ask for a block that is being read wait for the same reading. */
export class BlockCache<T> {
  readonly #blocksMax: number;
  readonly #blocks = new Map<number, Promise<T>>();

  constructor(blocksMax: number) {
    this.#blocksMax = blocksMax;
  }

  async get(number: number, read: () => Promise<T>): Promise<T> {
    const known = this.#blocks.get(number);
    const block = known ?? read();
    this.#blocks.delete(number);
    this.#blocks.set(number, block);
    const [oldest] = this.#blocks.keys();
    if (this.#blocks.size > this.#blocksMax && oldest !== undefined) this.#blocks.delete(oldest);
    try {
      return await block;
    } catch (error) {
      this.#blocks.delete(number);
      throw error;
    }
  }
}
