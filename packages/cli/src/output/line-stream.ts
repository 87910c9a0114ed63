// Prints as many lines as there are without ever holding more than a few of them: a list of a million names goes no faster than its reader.
import { once } from "node:events";

const heldCharsMax = 64 * 1024;

export class LineStream {
  readonly #out: NodeJS.WritableStream;
  readonly #signal: AbortSignal;
  #held: string[] = [];
  #heldChars = 0;

  constructor(out: NodeJS.WritableStream, signal: AbortSignal) {
    this.#out = out;
    this.#signal = signal;
  }

  /** Prints a line, at once or with later ones. Fails with the signal's reason when it is aborted while the reader keeps it waiting. */
  async print(line: string): Promise<void> {
    this.#held.push(line, "\n");
    this.#heldChars += line.length + 1;
    if (this.#heldChars >= heldCharsMax) await this.flush();
  }

  /** Prints what is left. */
  async flush(): Promise<void> {
    const text = this.#held.join("");
    this.#held = [];
    this.#heldChars = 0;
    if (!this.#out.write(text)) await once(this.#out, "drain", { signal: this.#signal });
  }
}
