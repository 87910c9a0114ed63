// What all kinds of fault are made with: how they last, whom they meet, and who is excused while they go on.
import type { Chance } from "./chance.ts";
import type { Place, PlaceKind } from "./place.ts";
import type { SimWorld } from "./world.ts";

export type Means = {
  readonly lasting: (ms: number, about: string, end: () => void) => void;
  readonly later: (ms: number, happen: () => void) => void;
  readonly stopMs: () => number;
};

export type Fault = (world: SimWorld, chance: Chance, means: Means) => void;

export function placeOf(kind: PlaceKind, { places }: SimWorld, chance: Chance): Place {
  return chance.pick(places.filter((place) => place.kind === kind && !place.isRetired));
}

/** The host's own trouble: whatever it keeps it from is nobody else's fault. */
export function troubled(world: SimWorld, place: Place): () => void {
  place.troubles += 1;
  return () => {
    place.troubles -= 1;
    place.troubledAtMs = world.time.nowMs;
  };
}

/** While this goes on, a host that is well may still not get through. */
export function unruly(
  world: SimWorld,
  ms: number,
  begin: (ms: number, end: () => void) => void,
): void {
  world.unruly.now += 1;
  begin(ms, () => {
    world.unruly.now -= 1;
    world.unruly.sinceMs = world.time.nowMs;
  });
}
