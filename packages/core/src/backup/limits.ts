// The numbers that bound the life of a backup; configuration may change each.

export type BackupLimits = {
  /** How long an attempt may stay silent. */
  readonly leaseMs: number;
  /** Tries before a backup fails for good. */
  readonly attemptsMax: number;
  /** How long a backup may wait for its host to claim it, and a session for its host to begin it, before it fails. */
  readonly dispatchDeadlineMs: number;
  /** After how long the command of an unclaimed backup, or of a session that has not begun or ended, is sent again to a host that is alive; each time twice as long, up to sixteenfold. */
  readonly redispatchMs: number;
  /** Between a failed attempt and the next. */
  readonly attemptBackoff: { readonly firstMs: number; readonly mostMs: number };
  /** Between two tries of the reconciler at one record. */
  readonly reconcileBackoff: { readonly firstMs: number; readonly mostMs: number };
  /** A store may carry out a call so long after its caller has given up: an upload may come up that late, and nobody knows its id. */
  readonly lateUploadMs: number;
};

/** A busy host has the command already and comes to it in its turn: a hundred thousand that wait must not be sent every half minute. */
const redispatchDoublingsMax = 4;

/** How long until a command is sent again that was looked after so often. */
export function redispatchWaitMs(
  dueTries: number,
  { redispatchMs }: Pick<BackupLimits, "redispatchMs">,
): number {
  return redispatchMs * 2 ** Math.min(dueTries, redispatchDoublingsMax);
}

export const defaultBackupLimits: BackupLimits = {
  leaseMs: 60_000,
  attemptsMax: 5,
  dispatchDeadlineMs: 24 * 3_600_000,
  redispatchMs: 30_000,
  attemptBackoff: { firstMs: 2_000, mostMs: 300_000 },
  reconcileBackoff: { firstMs: 1_000, mostMs: 60_000 },
  lateUploadMs: 900_000,
};
