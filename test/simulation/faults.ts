// The table of all that can go wrong in the simulated world.
import { stateDirOf } from "@manman/host-manager/state-dir.ts";
import type { Chance } from "./chance.ts";
import { placeOf, troubled, unruly, type Fault, type Means } from "./fault-means.ts";
import type { ServiceName } from "./network.ts";
import {
  clockSet,
  ended,
  killed,
  killedInCalls,
  killPlace,
  rebuilt,
  rivalled,
  stopped,
} from "./place-faults.ts";
import type { FaultKind } from "./plan.ts";
import { poisonOf } from "./poison.ts";
import type { SimWorld } from "./world.ts";

const backupsFolder = stateDirOf("/data").backups;

export const faults: Record<FaultKind, Fault> = {
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
  "control plane ended": (world, chance, means) => ended("control plane", world, chance, means),
  "host manager ended": (world, chance, means) => ended("host", world, chance, means),
  "host rebuilt": rebuilt,
  "second host manager": rivalled,
  poison: ({ broker, promises, tables, trace }, chance, { later }) => {
    for (let n = chance.whole(1, 6); n > 0; n -= 1) {
      later(chance.spread(1, 60_000), () => {
        const messageId = promises.letters.newMessageId();
        const { routingKey, body } = poisonOf(tables, chance);
        trace.note("fault", `poison ${messageId} as ${routingKey}`);
        const fate = broker.publish({ messageId, routingKey, body });
        if (fate === "routed") promises.letters.onPoison(messageId);
      });
    }
  },
  "letter of the past": ({ broker, promises }, chance) => {
    for (let n = chance.whole(1, 4); n > 0; n -= 1) {
      broker.buryAgain((past) => chance.pick(past), promises.letters.newMessageId());
    }
  },
  "journal torn": (world, chance, means) => {
    const place = placeOf("host", world, chance);
    if (place.process?.isDead !== false) return;
    killPlace(place, world, chance, means);
    const files = place.disk.folders.get(backupsFolder) ?? new Map<string, string>();
    const names = [...files.keys()];
    if (names.length === 0) return;
    const name = chance.pick(names);
    const text = files.get(name) ?? "";
    files.set(name, text.slice(0, chance.whole(0, text.length - 1)));
    world.trace.note("fault", `entry ${name} of ${place.name} is torn`);
    world.promises.hosts.onJournalLost(world.queueOf(place), name);
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
