// The faults of a run, drawn from its seed: each begins, lasts and ends, and at the end of the run all of them are over.
import type { Chance } from "./chance.ts";
import { faults } from "./faults.ts";
import type { FaultKind, Plan } from "./plan.ts";
import type { SimWorld } from "./world.ts";

export class Chaos {
  readonly #world: SimWorld;
  readonly #chance: Chance;
  readonly #plan: Plan;
  readonly #ends = new Set<() => void>();

  constructor(world: SimWorld, chance: Chance, plan: Plan) {
    this.#world = world;
    this.#chance = chance;
    this.#plan = plan;
  }

  start(): void {
    if (this.#plan.faults.length > 0) this.#next();
  }

  /** Everything is well from now on. */
  heal(): void {
    for (const end of this.#ends) end();
    this.#ends.clear();
    const { network, places } = this.#world;
    network.mendAll();
    for (const place of places) {
      place.process?.goOn();
      this.#world.start(place);
    }
  }

  #next(): void {
    const { time } = this.#world;
    time.after(this.#chance.between(0, 2 * this.#plan.faultEveryMs), () => {
      if (time.nowMs >= this.#plan.chaosMs) return;
      const kind = this.#chance.pick(this.#plan.faults);
      faults[kind](this.#world, this.#chance, {
        lasting: (ms, about, end) => this.#lasting(kind, ms, about, end),
        later: (ms, happen) => {
          time.after(ms, () => {
            if (time.nowMs < this.#plan.chaosMs) happen();
          });
        },
        stopMs: () => this.#chance.spread(1_000, this.#plan.hasLongStops ? 10_800_000 : 150_000),
      });
      this.#next();
    });
  }

  #lasting(kind: FaultKind, ms: number, about: string, end: () => void): void {
    const { trace, time } = this.#world;
    trace.note("fault", `${kind} ${about} for ${Math.round(ms)} ms`);
    const over = (): void => {
      if (!this.#ends.delete(over)) return;
      cancel();
      trace.note("fault over", `${kind} ${about}`);
      end();
    };
    this.#ends.add(over);
    const cancel = time.after(ms, over);
  }
}
