// The faults of a run, drawn from its seed: each begins, lasts and ends, and at the end of the run all of them are over.
import type { Chance } from "./chance.ts";
import type { ServiceName } from "./network.ts";
import type { FaultKind, Plan } from "./plan.ts";
import type { SimProcess } from "./process.ts";
import type { Place } from "./place.ts";
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

type Means = {
  readonly lasting: (ms: number, about: string, end: () => void) => void;
  readonly later: (ms: number, happen: () => void) => void;
  readonly stopMs: () => number;
};

type Fault = (world: SimWorld, chance: Chance, means: Means) => void;

const faults: Record<FaultKind, Fault> = {
  "control plane killed": (world, chance, means) => killed("control plane", world, chance, means),
  "host manager killed": (world, chance, means) => killed("host", world, chance, means),
  "control plane stopped": (world, chance, means) =>
    unruly(world, means.stopMs(), (ms, end) =>
      stopped("control plane", world, chance, means, ms, end),
    ),
  "host manager stopped": (world, chance, means) =>
    stopped("host", world, chance, means, means.stopMs(), () => undefined),
  "control plane killed in a call": (world, chance, means) =>
    killedInCalls("control plane", world, chance, means),
  "host manager killed in a call": (world, chance, means) =>
    killedInCalls("host", world, chance, means),
  "packer killed": ({ packers, trace }, chance) => {
    const alive = [...packers].filter(({ process }) => !process.isDead);
    if (alive.length === 0) return;
    const victim = chance.pick(alive).process;
    trace.note("killed", victim.name);
    victim.kill();
  },
  "database away": (world, chance, means) => away("database", world, chance, means),
  "broker away": (world, chance, means) => away("broker", world, chance, means),
  "store away": (world, chance, means) => away("store", world, chance, means),
  "host cut off": (world, chance, { lasting }) => {
    const place = placeOf("host", world, chance);
    const ms = chance.spread(1_000, 150_000);
    const others = ["database", "broker", "store", ...world.places.map(({ name }) => name)];
    const cut = others.filter(() => chance.happens(0.5));
    for (const other of cut) world.network.cut(place.name, other);
    const end = troubled(world, place);
    lasting(ms, `${place.name} from ${cut.join(", ")}`, () => {
      for (const other of cut) world.network.mend(place.name, other);
      end();
    });
  },
  "control plane cut off": (world, chance, { lasting }) =>
    unruly(world, chance.spread(1_000, 150_000), (ms, end) => {
      const place = placeOf("control plane", world, chance);
      const cut = ["database", "broker", "store"].filter(() => chance.happens(0.6));
      for (const other of cut) world.network.cut(place.name, other);
      lasting(ms, `${place.name} from ${cut.join(", ")}`, () => {
        for (const other of cut) world.network.mend(place.name, other);
        end();
      });
    }),
  "database lossy": (world, chance, means) => lossy("database", world, chance, means),
  "broker lossy": (world, chance, means) => lossy("broker", world, chance, means),
  "store lossy": (world, chance, means) => lossy("store", world, chance, means),
  "store slow": (world, chance, { lasting }) => {
    const weather = world.network.weather.store;
    weather.late = chance.between(0.05, 0.8);
    lasting(chance.spread(5_000, 120_000), "", () => {
      weather.late = 0;
    });
  },
  "host clock set": (world, chance, means) => clockSet("host", world, chance, means),
  "control plane clock set": (world, chance, means) =>
    clockSet("control plane", world, chance, means),
  "database clock set": (world, chance, { lasting }) =>
    unruly(world, 1_000, (ms, end) => {
      world.databaseClock.offsetMs += Math.round(chance.between(-5_000, 5_000));
      lasting(ms, `by now ${world.databaseClock.offsetMs} ms`, end);
    }),
  "upload lost": ({ store, trace, promises }, chance) => {
    const ours = [...store.uploads.values()].filter(({ objectKey }) =>
      promises.store.knows(objectKey),
    );
    if (ours.length === 0) return;
    const { uploadId } = chance.pick(ours);
    trace.note("fault", `the store loses ${uploadId}`);
    store.uploads.delete(uploadId);
  },
  "message again": ({ broker }, chance, { later }) => {
    for (let n = chance.whole(1, 8); n > 0; n -= 1) {
      later(chance.spread(100, 60_000), () =>
        broker.repeat((past) => chance.pick(past.slice(-chance.pick([1, 4, 30])))),
      );
    }
  },
  "disk full": (world, chance, { lasting }) => {
    const place = placeOf("host", world, chance);
    place.disk.isFull = true;
    const end = troubled(world, place);
    lasting(chance.spread(1_000, 100_000), place.name, () => {
      place.disk.isFull = false;
      end();
    });
  },
};

function placeOf(kind: Place["kind"], { places }: SimWorld, chance: Chance): Place {
  return chance.pick(places.filter((place) => place.kind === kind));
}

/** For a while, processes die between what they asked for and its answer: the moment that most programs forget. */
function killedInCalls(kind: Place["kind"], world: SimWorld, chance: Chance, means: Means): void {
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

function killed(kind: Place["kind"], world: SimWorld, chance: Chance, means: Means): void {
  killPlace(placeOf(kind, world, chance), world, chance, means);
}

function killPlace(place: Place, world: SimWorld, chance: Chance, { lasting }: Means): void {
  const { kind } = place;
  if (place.process?.isDead !== false) return;
  const end = kind === "host" ? troubled(world, place) : (): void => undefined;
  world.kill(place);
  lasting(chance.spread(100, 120_000), place.name, () => {
    world.start(place);
    end();
  });
}

function stopped(
  kind: Place["kind"],
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

function away(service: ServiceName, world: SimWorld, chance: Chance, { lasting }: Means): void {
  const weather = world.network.weather[service];
  if (weather.isAway) return;
  weather.isAway = true;
  if (service === "broker") for (const { bus } of world.places) bus?.lose();
  const isLong = chance.happens(0.5);
  lasting(isLong ? chance.between(45_000, 200_000) : chance.spread(500, 60_000), "", () => {
    weather.isAway = false;
  });
}

function lossy(service: ServiceName, world: SimWorld, chance: Chance, { lasting }: Means): void {
  unruly(world, chance.spread(2_000, 90_000), (ms, end) => {
    const weather = world.network.weather[service];
    weather.lossy = chance.between(0.02, 0.3);
    weather.late = chance.between(0, 0.2);
    lasting(ms, "", () => {
      weather.lossy = 0;
      weather.late = 0;
      end();
    });
  });
}

function clockSet(kind: Place["kind"], world: SimWorld, chance: Chance, { lasting }: Means): void {
  const place = placeOf(kind, world, chance);
  const byMs = Math.round(chance.spread(1_000, 20_000_000) * chance.pick([-1, 1]));
  place.wall.offsetMs += byMs;
  lasting(1, `${place.name} by ${byMs} ms`, () => undefined);
}

/** The host's own trouble: whatever it keeps it from is nobody else's fault. */
function troubled(world: SimWorld, place: Place): () => void {
  place.troubles += 1;
  return () => {
    place.troubles -= 1;
    place.troubledAtMs = world.time.nowMs;
  };
}

/** While this goes on, a host that is well may still not get through. */
function unruly(world: SimWorld, ms: number, begin: (ms: number, end: () => void) => void): void {
  world.unruly.now += 1;
  begin(ms, () => {
    world.unruly.now -= 1;
    world.unruly.sinceMs = world.time.nowMs;
  });
}
