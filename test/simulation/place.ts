// A place where one process after the other runs: a machine with its clock, and for hosts with its disk and its games.
import type { SimBus } from "./bus.ts";
import type { Chance } from "./chance.ts";
import { emptyDisk, type DiskContent } from "./disk.ts";
import { Games } from "./game-runner.ts";
import type { SimProcess, WallClock } from "./process.ts";

export type PlaceKind = "control plane" | "host";

export type Place = {
  readonly name: string;
  readonly kind: PlaceKind;
  /** The name that a host goes by; two places with one are two host managers in each other's way. */
  readonly serverName: string;
  readonly wall: WallClock;
  disk: DiskContent;
  games: Games;
  process: SimProcess | null;
  bus: SimBus | null;
  /** Asks the present process to end in order (SIGTERM). */
  end: () => void;
  /** The last process was told that the server is another host manager's. */
  isTurnedAway: boolean;
  /** Nothing runs here any more. */
  isRetired: boolean;
  /** When something on this side was last not as it should be. */
  troubledAtMs: number;
  /** Faults that last. */
  troubles: number;
};

export function newPlace(
  kind: PlaceKind,
  name: string,
  chance: Chance,
  serverName: string = name,
): Place {
  return {
    name,
    kind,
    serverName,
    wall: { offsetMs: chance.whole(-2_000, 2_000) },
    disk: emptyDisk(),
    games: new Games(),
    process: null,
    bus: null,
    end: () => undefined,
    isTurnedAway: false,
    isRetired: false,
    troubledAtMs: -Infinity,
    troubles: 0,
  };
}

/** The machine is replaced by a new one of the same name. Whatever the old one still does is seen by nobody. */
export function rebuild(place: Place): void {
  place.games.lose();
  place.games = new Games();
  place.disk = emptyDisk();
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
