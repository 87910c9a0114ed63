// What holds of messages that nobody can use: they stand among the dead letters until somebody drops them, and nothing else does.
import type { BrokenPromises } from "./broken-promises.ts";
import type { SeenWorld } from "./seen-world.ts";

/** The ids of messages that the simulation made up begin with this. */
const madeUp = "made-up-";

export class LetterPromises {
  readonly #world: SeenWorld;
  readonly #broken: BrokenPromises;
  readonly #poison = new Set<string>();
  #madeUp = 0;

  constructor(world: SeenWorld, broken: BrokenPromises) {
    this.#world = world;
    this.#broken = broken;
  }

  /** An id for a message that is made up, so that its fate is known from that of others. */
  newMessageId(): string {
    this.#madeUp += 1;
    return `${madeUp}${this.#madeUp}`;
  }

  /** A message is in a queue that nobody can use. */
  onPoison(messageId: string): void {
    this.#poison.add(messageId);
  }

  /** Somebody asks for a letter to be dropped, whether that arrives or not. */
  onDropAsked(messageId: string): void {
    this.#poison.delete(messageId);
  }

  /** A message that nobody made up became a dead letter. */
  onDeath(messageId: string, reason: string): void {
    if (messageId.startsWith(madeUp)) return;
    this.#broken.bug(`${messageId} became a dead letter: ${reason}`);
  }

  checkEnd(): void {
    const kept = new Set(this.#world.deadLetters().map(({ messageId }) => messageId));
    for (const messageId of this.#poison) {
      if (kept.has(messageId)) continue;
      this.#broken.add("a message that nobody can use is kept for people", messageId);
    }
  }
}
