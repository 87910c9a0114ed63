// Chance that repeats itself: the same seed gives the same numbers, words and bytes on every machine.

export class SeededRandom {
  #state: number;

  /** `seed`: a whole number; only its lowest 32 bits count. */
  constructor(seed: number) {
    // A zero state would stay zero for ever.
    this.#state = (Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995) >>> 0 || 1;
  }

  /** 0 up to 2^32 - 1 (xorshift). */
  next(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return this.#state;
  }

  /** A whole number from `from` to `to`, both included. */
  between(from: number, to: number): number {
    return from + (this.next() % (to - from + 1));
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.next() % choices.length] as T;
  }

  /** Bytes that no compressor makes smaller. */
  bytes(sizeBytes: number): Buffer {
    const words = new Uint32Array(Math.ceil(sizeBytes / 4));
    for (let i = 0; i < words.length; i += 1) words[i] = this.next();
    return Buffer.from(words.buffer, 0, sizeBytes);
  }

  /** Lines as a game's log has them; they compress to about a third. */
  logText(sizeBytes: number): Buffer {
    let text = "";
    while (text.length < sizeBytes) {
      const stamp = String(this.between(0, 86_399)).padStart(5, "0");
      text += `[${stamp}] [Server thread/${this.pick(levels)}]: ${this.pick(players)} ${this.pick(deeds)} ${this.pick(things)} at ${this.between(-30_000, 30_000)}, ${this.between(-64, 320)}, ${this.between(-30_000, 30_000)}\n`;
    }
    return Buffer.from(text.slice(0, sizeBytes), "latin1");
  }

  /** A JSON document of about `sizeBytes`, never smaller than its frame. */
  json(sizeBytes: number): Buffer {
    const items: object[] = [];
    let length = 60;
    while (length < sizeBytes) {
      const item = {
        id: `minecraft:${this.pick(things)}`,
        count: this.between(1, 64),
        slot: this.between(0, 40),
      };
      items.push(item);
      length += JSON.stringify(item).length + 1;
    }
    return Buffer.from(JSON.stringify({ player: this.pick(players), seen: this.next(), items }));
  }
}

const levels = ["INFO", "INFO", "INFO", "WARN", "ERROR"];
const players = [
  "Ada",
  "Grace",
  "Linus",
  "Barbara",
  "Edsger",
  "Margaret",
  "Ken",
  "Radia",
  "Tony",
  "Frances",
];
const deeds = [
  "placed",
  "broke",
  "found",
  "traded",
  "lost",
  "burned",
  "moved",
  "carved",
  "buried",
  "named",
];
const things = [
  "oak_log",
  "stone",
  "diamond",
  "furnace",
  "lantern",
  "beacon",
  "saddle",
  "wheat",
  "copper_ingot",
  "glass_pane",
  "ender_pearl",
  "name_tag",
  "red_wool",
  "piston",
  "rail",
  "torch",
];
