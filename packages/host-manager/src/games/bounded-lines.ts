// Cuts a stream of bytes into lines, and gives up on a peer that sends one without an end instead of keeping it all.

/** Collects the lines of one stream. */
export class BoundedLines {
  readonly #bytesMax: number;
  #rest = Buffer.alloc(0);

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** The lines that `chunk` completes, without their ends; undefined once a line is longer than the bound. */
  push(chunk: Buffer): string[] | undefined {
    const lines: string[] = [];
    let rest = Buffer.concat([this.#rest, chunk]);
    for (let end = rest.indexOf("\n"); end !== -1; end = rest.indexOf("\n")) {
      if (end > this.#bytesMax) return undefined;
      lines.push(rest.toString("utf8", 0, end));
      rest = rest.subarray(end + 1);
    }
    if (rest.length > this.#bytesMax) return undefined;
    this.#rest = rest;
    return lines;
  }
}
