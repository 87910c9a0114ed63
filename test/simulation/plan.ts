// What a seed says of its run: how large the world is, how long the faults go on, and which kinds of them there are. Each run has some
// kinds and not others, since faults that never rest hide what a single one does.
import type { BackupLimits } from "@manman/core/backup/limits.ts";
import type { Chance } from "./chance.ts";

const faultKinds = [
  "control plane killed",
  "control plane stopped",
  "host manager killed",
  "host manager stopped",
  "control plane killed in a call",
  "host manager killed in a call",
  "packer killed",
  "database away",
  "broker away",
  "store away",
  "host cut off",
  "control plane cut off",
  "database lossy",
  "broker lossy",
  "store lossy",
  "store slow",
  "host clock set",
  "control plane clock set",
  "database clock set",
  "upload lost",
  "message again",
  "disk full",
  "journal torn",
  "control plane ended",
  "host manager ended",
  "host rebuilt",
  "second host manager",
  "poison",
  "letter of the past",
] as const;

export type FaultKind = (typeof faultKinds)[number];

export type Plan = {
  readonly controlPlanes: number;
  readonly hosts: number;
  readonly gamesOfEach: number;
  readonly callers: number;
  /** So long do callers call and faults happen. */
  readonly chaosMs: number;
  readonly faults: readonly FaultKind[];
  /** So many machines are replaced at most, and so many second host managers come. */
  readonly rivalsMax: number;
  /** Between two faults, on average. */
  readonly faultEveryMs: number;
  readonly packingFails: number;
  /** One part takes at most so long. */
  readonly partMsMax: number;
  /** Between two wishes of one caller, on average. */
  readonly wishEveryMs: number;
  /** A stop may take hours. */
  readonly hasLongStops: boolean;
  /** Draws how long a game lives that nobody ends. */
  readonly gameLives: (chance: Chance) => number;
};

export function planOf(chance: Chance): Plan {
  const share = chance.pick([0.1, 0.2, 0.35, 0.6]);
  const hasLongStops = chance.happens(0.02);
  const lives = chance.pick([[Infinity], [Infinity, 20_000], [3_000, 60_000, Infinity]]);
  return {
    controlPlanes: chance.whole(1, 3),
    hosts: chance.whole(1, 3),
    gamesOfEach: chance.whole(1, 3),
    callers: chance.whole(1, 3),
    chaosMs: chance.spread(60_000, 300_000) + (hasLongStops ? 7_200_000 : 0),
    faults: faultKinds.filter(() => chance.happens(share)),
    faultEveryMs: chance.spread(4_000, 60_000) * (hasLongStops ? 10 : 1),
    rivalsMax: 3,
    partMsMax: chance.pick([2_000, 12_000, 60_000, 60_000]),
    packingFails: chance.pick([0, 0, 0.1, 0.25]),
    wishEveryMs: chance.spread(4_000, 30_000) * (hasLongStops ? 10 : 1),
    hasLongStops,
    gameLives: (ofGame) => ofGame.pick(lives),
  };
}

export const limits: BackupLimits = {
  leaseMs: 45_000,
  attemptsMax: 4,
  dispatchDeadlineMs: 900_000,
  redispatchMs: 10_000,
  attemptBackoff: { firstMs: 1_000, mostMs: 30_000 },
  reconcileBackoff: { firstMs: 1_000, mostMs: 20_000 },
  lateUploadMs: 25_000,
};

export const heartbeatMs = 8_000;

/** Once everything is well again, everything has ended within so long. */
export const quietWithinMs = 3_600_000;
