// What happens to places: their processes are killed, stopped and asked to end, their clocks are set, and their machines replaced.
import { placeOf, troubled, type Means } from "./fault-means.ts";
import type { Chance } from "./chance.ts";
import { rebuild, type Place, type PlaceKind } from "./place.ts";
import type { SimProcess } from "./process.ts";
import type { SimWorld } from "./world.ts";

export function killed(kind: PlaceKind, world: SimWorld, chance: Chance, means: Means): void {
  killPlace(placeOf(kind, world, chance), world, chance, means);
}

/** Starts it again when the fault is over. */
export function killPlace(place: Place, world: SimWorld, chance: Chance, { lasting }: Means): void {
  const { kind } = place;
  if (place.process?.isDead !== false) return;
  const end = kind === "host" ? troubled(world, place) : (): void => undefined;
  world.kill(place);
  lasting(chance.spread(100, 120_000), place.name, () => {
    world.start(place);
    end();
  });
}

/** For a while, processes die between what they asked for and its answer: the moment that most programs forget. */
export function killedInCalls(
  kind: PlaceKind,
  world: SimWorld,
  chance: Chance,
  means: Means,
): void {
  const probability = chance.spread(0.002, 0.1);
  const onCarriedOut = (process: SimProcess): void => {
    const place = world.places.find((one) => one.process === process && one.kind === kind);
    if (place === undefined || !chance.happens(probability)) return;
    killPlace(place, world, chance, means);
  };
  world.network.onCarriedOut.add(onCarriedOut);
  means.lasting(chance.spread(2_000, 60_000), kind, () => {
    world.network.onCarriedOut.delete(onCarriedOut);
  });
}

export function stopped(
  kind: PlaceKind,
  world: SimWorld,
  chance: Chance,
  { lasting }: Means,
  ms: number,
  alsoAtEnd: () => void,
): void {
  const place = placeOf(kind, world, chance);
  const { process } = place;
  if (process === null || process.isDead || process.isStopped) return alsoAtEnd();
  const end = troubled(world, place);
  process.stop();
  lasting(ms, place.name, () => {
    process.goOn();
    end();
    alsoAtEnd();
  });
}

/** Asked to end in order, as a service is by its machine, and started again later. */
export function ended(kind: PlaceKind, world: SimWorld, chance: Chance, { lasting }: Means): void {
  const place = placeOf(kind, world, chance);
  if (place.process?.isDead !== false || place.process.isStopped) return;
  const end = troubled(world, place);
  place.end();
  lasting(chance.spread(2_000, 60_000), place.name, () => {
    // Whoever asks waits for no longer than this.
    world.kill(place);
    world.start(place);
    end();
  });
}

/** The machine is lost with its disk and its games, and another one comes in its place. */
export function rebuilt(world: SimWorld, chance: Chance, means: Means): void {
  const place = placeOf("host", world, chance);
  if (place.process?.isDead !== false || !mayContest(world)) return;
  killPlace(place, world, chance, means);
  rebuild(place);
  world.contested.set(place.serverName, place);
}

/** A second host manager goes by the name of a first one; sometimes it is to take its place. */
export function rivalled(world: SimWorld, chance: Chance, { lasting, later }: Means): void {
  const first = placeOf("host", world, chance);
  if (world.contested.has(first.serverName) || !mayContest(world)) return;
  const rival = world.addRival(first);
  world.contested.set(first.serverName, first);
  world.start(rival);
  const isToStay = chance.happens(0.5);
  if (chance.happens(0.6)) {
    later(chance.spread(1_000, 100_000), () => {
      if (!rival.isRetired) world.contested.set(first.serverName, rival);
    });
  }
  lasting(chance.spread(20_000, 240_000), rival.name, () => {
    const hasPlace = world.contested.get(first.serverName) === rival;
    world.contested.set(first.serverName, isToStay && hasPlace ? rival : first);
    world.retire(isToStay && hasPlace ? first : rival);
  });
}

/** Each of these keeps the server's host away from its work for a while. */
function mayContest({ places, contested, plan }: SimWorld): boolean {
  return contested.size + places.length < plan.controlPlanes + plan.hosts + plan.rivalsMax;
}

export function clockSet(
  kind: PlaceKind,
  world: SimWorld,
  chance: Chance,
  { lasting }: Means,
): void {
  const place = placeOf(kind, world, chance);
  const byMs = Math.round(chance.spread(1_000, 20_000_000) * chance.pick([-1, 1]));
  place.wall.offsetMs += byMs;
  lasting(1, `${place.name} by ${byMs} ms`, () => undefined);
}
