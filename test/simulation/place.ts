// A place where one process after the other runs: a machine with its clock, and for hosts with its disk and its games.
import type { SimBus } from "./bus.ts";
import type { Chance } from "./chance.ts";
import { emptyDisk, type DiskContent } from "./disk.ts";
import type { Games } from "./game-runner.ts";
import type { SimProcess, WallClock } from "./process.ts";

export type PlaceKind = "control plane" | "host";

export type Place = {
  readonly name: string;
  readonly kind: PlaceKind;
  readonly wall: WallClock;
  readonly disk: DiskContent;
  readonly games: Games;
  process: SimProcess | null;
  bus: SimBus | null;
  /** When something on this side was last not as it should be. */
  troubledAtMs: number;
  /** Faults that last. */
  troubles: number;
};

export function newPlace(kind: PlaceKind, name: string, chance: Chance): Place {
  return {
    name,
    kind,
    wall: { offsetMs: chance.whole(-2_000, 2_000) },
    disk: emptyDisk(),
    games: new Map(),
    process: null,
    bus: null,
    troubledAtMs: -Infinity,
    troubles: 0,
  };
}

/** What its journals of backups still have to do; null where nothing. */
export function unfinishedJournal({ name, disk }: Place): string | null {
  for (const [path, files] of disk.folders) {
    if (!path.endsWith("/backups")) continue;
    const entry = [...files.values()].find((text) => !text.includes('"closed":'));
    if (entry !== undefined) return `the journal of ${name} holds ${entry}`;
  }
  return null;
}
