// A process of the simulation. It hears of the world only through `enter`: dead it hears nothing any more, and stopped (SIGSTOP) it
// hears everything when it goes on.
import type { AbortSignalLike, Clock } from "@manman/core/ports.ts";
import type { Chance } from "./chance.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** A machine's clock, which people set. */
export type WallClock = { offsetMs: number };

export class SimProcess {
  readonly name: string;
  readonly chance: Chance;
  readonly clock: Clock;
  isDead = false;
  isStopped = false;
  /** Ever. */
  wasStopped = false;
  readonly #time: VirtualTime;
  readonly #missed: (() => void)[] = [];
  readonly #onDeath = new Set<() => void>();

  constructor(name: string, time: VirtualTime, chance: Chance, wall: WallClock) {
    this.name = name;
    this.#time = time;
    this.chance = chance;
    this.clock = {
      nowMs: () => epochMs + Math.floor(time.nowMs) + wall.offsetMs,
      elapsedMs: () => time.nowMs,
      sleep: async (ms, signal) => await this.#sleep(ms, signal),
    };
  }

  /** Lets the process hear something, now or when it goes on, or never. */
  enter(heard: () => void): void {
    if (this.isDead) return;
    if (this.isStopped) this.#missed.push(heard);
    else heard();
  }

  stop(): void {
    this.isStopped = true;
    this.wasStopped = true;
  }

  goOn(): void {
    if (!this.isStopped) return;
    this.isStopped = false;
    const missed = this.#missed.splice(0);
    missed.forEach((heard, at) => {
      this.#time.after(at / 1_000, () => this.enter(heard));
    });
  }

  /** What was in its memory is gone with it. */
  kill(): void {
    if (this.isDead) return;
    this.isDead = true;
    this.#missed.length = 0;
    for (const told of this.#onDeath) told();
  }

  /** The kernel tells the outside world of a death: connections are closed. The answer is for not being told any more. */
  onDeath(told: () => void): () => void {
    this.#onDeath.add(told);
    return () => {
      this.#onDeath.delete(told);
    };
  }

  async #sleep(ms: number, signal?: AbortSignalLike): Promise<void> {
    if (signal?.aborted === true) return;
    await new Promise<void>((resolve) => {
      const letGo = (): void => {
        cancel();
        signal?.removeEventListener("abort", end);
      };
      const end = (): void => {
        letGo();
        forget();
        resolve();
      };
      const cancel = this.#time.after(ms, () => this.enter(end));
      // The platform keeps a signal that somebody listens to, and with it everything that the dead process had.
      const forget = this.onDeath(letGo);
      signal?.addEventListener("abort", end);
    });
  }
}

/** What the machines' clocks show at the beginning, unless they are wrong. */
export const epochMs = 1_800_000_000_000;
