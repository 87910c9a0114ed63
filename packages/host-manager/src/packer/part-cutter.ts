// Cuts a stream of bytes into parts and sends them, several at once, in memory that does not grow with the stream: the same few
// buffers are filled again and again.
import type { StoredPart } from "@manman/core/backup/backup.ts";
import { Fault } from "@manman/core/fault.ts";
import { partsInFlight, partsMax } from "./part-size.ts";

/** One part as it is to be sent. Its bytes are the sender's until the promise settles, and not a moment longer. */
export type CutPart = {
  /** From 1. */
  readonly number: number;
  /** Where it begins in the whole. */
  readonly offsetBytes: number;
  readonly bytes: Uint8Array;
  /** Aborted as soon as another part has failed, or the whole is called off. */
  readonly signal: AbortSignal;
};

export type Cutting = {
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Sends one part and gives its etag. */
  readonly send: (part: CutPart) => Promise<string>;
  /** Bytes of part `number`; at least those of the part before. */
  readonly sizeOf: (number: number) => number;
  /** What the buffers may take, where the size of the parts leaves the choice. */
  readonly memoryBytesMax: number;
  readonly signal: AbortSignal;
  /** Called after each part with the bytes that were sent so far. */
  readonly onSent: (sentBytes: number) => void;
};

/**
 * Sends everything, and gives the parts in ascending order of their numbers; an empty stream has none. Rejects with the first error
 * of a send, once the others have ended too, or with that of the stream; with a Fault `exhausted` beyond 10,000 parts.
 */
export async function sendInParts(cutting: Cutting): Promise<readonly StoredPart[]> {
  const upload = new PartsUnderWay(cutting);
  try {
    let part = await upload.open();
    for await (const chunk of cutting.bytes) {
      let at = 0;
      while (at < chunk.length) {
        if (part.filled === part.sizeBytes) {
          upload.send(part);
          part = await upload.open();
        }
        const taken = Math.min(chunk.length - at, part.sizeBytes - part.filled);
        part.buffer.set(chunk.subarray(at, at + taken), part.filled);
        part.filled += taken;
        at += taken;
      }
      upload.throwIfFailed();
    }
    if (part.filled > 0) upload.send(part);
    return await upload.end();
  } catch (error) {
    await upload.abandon(error);
    throw error;
  }
}

/** A part that is being filled. */
type OpenPart = {
  readonly number: number;
  readonly offsetBytes: number;
  readonly sizeBytes: number;
  readonly buffer: Buffer;
  filled: number;
};

class PartsUnderWay {
  readonly #cutting: Cutting;
  readonly #abort = new AbortController();
  readonly #signal: AbortSignal;
  readonly #sending = new Set<Promise<void>>();
  readonly #stored: StoredPart[] = [];
  #free: Buffer[] = [];
  #number = 0;
  #cutBytes = 0;
  #sentBytes = 0;
  #failure: { readonly error: unknown } | undefined;

  constructor(cutting: Cutting) {
    this.#cutting = cutting;
    this.#signal = AbortSignal.any([cutting.signal, this.#abort.signal]);
  }

  /** The next part, once there is memory for it. */
  async open(): Promise<OpenPart> {
    this.#number += 1;
    const { sizeOf, memoryBytesMax } = this.#cutting;
    if (this.#number > partsMax) {
      throw new Fault("exhausted", `an upload has at most ${partsMax} parts`);
    }
    const sizeBytes = sizeOf(this.#number);
    while (this.#sending.size > partsInFlight(sizeBytes, memoryBytesMax)) {
      await Promise.race(this.#sending);
    }
    this.throwIfFailed();
    const fitting = this.#free.filter((buffer) => buffer.length >= sizeBytes);
    const buffer = fitting.pop() ?? Buffer.allocUnsafeSlow(sizeBytes);
    this.#free = fitting;
    return { number: this.#number, offsetBytes: this.#cutBytes, sizeBytes, buffer, filled: 0 };
  }

  send(part: OpenPart): void {
    this.#cutBytes += part.filled;
    const sending = this.#sendOne(part).catch((error: unknown) => {
      this.#failure ??= { error };
      this.#abort.abort(error);
    });
    const ended = sending.finally(() => this.#sending.delete(ended));
    this.#sending.add(ended);
  }

  throwIfFailed(): void {
    this.#cutting.signal.throwIfAborted();
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async end(): Promise<readonly StoredPart[]> {
    await Promise.all(this.#sending);
    this.throwIfFailed();
    return this.#stored.toSorted((a, b) => a.number - b.number);
  }

  async abandon(reason: unknown): Promise<void> {
    this.#abort.abort(reason);
    await Promise.all(this.#sending);
  }

  async #sendOne({ number, offsetBytes, buffer, filled }: OpenPart): Promise<void> {
    const bytes = buffer.subarray(0, filled);
    const etag = await this.#cutting.send({ number, offsetBytes, bytes, signal: this.#signal });
    this.#stored.push({ number, etag, sizeBytes: filled });
    this.#sentBytes += filled;
    this.#free.push(buffer);
    this.#cutting.onSent(this.#sentBytes);
  }
}
