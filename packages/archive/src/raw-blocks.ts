// Gathers a stream of small and large pieces into blocks of one size, which are filled and consumed in turn: while one is
// being compressed the other is filled, and no others exist, whatever the size of the archive.
import { createHash } from "node:crypto";

/** Takes a block. The block's memory may be written again once the promise is fulfilled. */
export type BlockSink = (block: Buffer) => Promise<void>;

export class RawBlocks {
  /** Bytes handed to the sink so far. */
  rawBytes = 0;
  readonly #sink: BlockSink;
  readonly #hash = createHash("sha256");
  #filling: Buffer;
  #spare: Buffer;
  #filledBytes = 0;
  #consuming: Promise<void> = Promise.resolve();

  constructor(blockBytes: number, sink: BlockSink) {
    this.#sink = sink;
    this.#filling = Buffer.allocUnsafeSlow(blockBytes);
    this.#spare = Buffer.allocUnsafeSlow(blockBytes);
  }

  /** The part of the current block that is still free; never empty. Fill its beginning, then call `advance`. */
  get free(): Buffer {
    return this.#filling.subarray(this.#filledBytes);
  }

  /** The first `sizeBytes` of `free` were filled. Fails when the sink fails. */
  async advance(sizeBytes: number): Promise<void> {
    this.#filledBytes += sizeBytes;
    if (this.#filledBytes === this.#filling.length) await this.#flush();
  }

  async append(bytes: Buffer): Promise<void> {
    for (let from = 0; from < bytes.length;) {
      const copied = bytes.copy(this.free, 0, from);
      from += copied;
      await this.advance(copied);
    }
  }

  async appendZeros(sizeBytes: number): Promise<void> {
    for (let left = sizeBytes; left > 0;) {
      const zeros = this.free.subarray(0, left).fill(0);
      left -= zeros.length;
      await this.advance(zeros.length);
    }
  }

  /** Hands over what is left and waits until all of it was consumed. Returns the SHA-256 of everything, in hex. */
  async end(): Promise<string> {
    if (this.#filledBytes > 0) await this.#flush();
    await this.#consuming;
    return this.#hash.digest("hex");
  }

  async #flush(): Promise<void> {
    const block = this.#filling.subarray(0, this.#filledBytes);
    this.#hash.update(block);
    await this.#consuming;
    this.rawBytes += block.length;
    this.#consuming = this.#sink(block);
    this.#consuming.catch(() => undefined);
    [this.#filling, this.#spare] = [this.#spare, this.#filling];
    this.#filledBytes = 0;
  }
}
