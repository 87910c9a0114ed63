// The raw bytes of the segment that is being made: one piece of memory that every segment of a worker is made in.

export class RawSegment {
  #buffer: Buffer;
  #filled = 0;
  #borders: number[] = [];

  /** `capacityBytes`: what a segment may hold, unless its first entry alone needs more. */
  constructor(capacityBytes: number) {
    this.#buffer = Buffer.allocUnsafeSlow(capacityBytes);
  }

  get filledBytes(): number {
    return this.#filled;
  }

  /** What was written so far; valid until the next `clear`. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#filled);
  }

  /** Where files that are worth looking at by themselves begin and end, ascending. */
  get borders(): readonly number[] {
    return this.#borders;
  }

  clear(): void {
    this.#filled = 0;
    this.#borders = [];
  }

  /** Room for the next `sizeBytes`, or undefined when the segment is full. An empty segment makes room for anything. */
  room(sizeBytes: number): Buffer | undefined {
    if (this.#filled + sizeBytes > this.#buffer.length) {
      if (this.#filled > 0) return undefined;
      this.#buffer = Buffer.allocUnsafeSlow(sizeBytes);
    }
    return this.#buffer.subarray(this.#filled, this.#filled + sizeBytes);
  }

  /** The first `sizeBytes` of what `room` gave were written. */
  advance(sizeBytes: number): void {
    this.#filled += sizeBytes;
  }

  /** Notes that data of another nature may begin at `at`, not before the last such place. */
  addBorder(at: number): void {
    this.#borders.push(at);
  }
}
