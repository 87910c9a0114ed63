// The life of a backup: the one table of its states, from which every predicate and the diagram in the docs are derived.

/**
 * Every state with what may follow it, whether it occupies the operation lock of its server game config,
 * and who ends it when whoever works on it dies.
 */
const states = {
  /** Recorded, its command on the way or waiting for its host. */
  pending: {
    next: ["running", "failed", "cancelled"],
    holdsOperation: true,
    endedBy: "reconciler: sends the command again, fails it after the dispatch deadline",
  },
  /** Claimed by a host manager, which holds a lease and sends parts. */
  running: {
    next: ["verifying", "pending", "failed", "cancelled"],
    holdsOperation: true,
    endedBy: "reconciler: takes it over when the lease has run out",
  },
  /** Reported as sent; the control plane completes the upload and checks the object. Reads `running` over the API. */
  verifying: {
    next: ["completed", "pending", "failed"],
    holdsOperation: true,
    endedBy: "reconciler: repeats completion and check until the store has answered",
  },
  /** The object exists and was checked against the host's report. */
  completed: { next: ["deleting"], holdsOperation: false, endedBy: null },
  /** Given up; the record says why. */
  failed: { next: ["deleting"], holdsOperation: false, endedBy: null },
  /** Called off by somebody. */
  cancelled: { next: ["deleting"], holdsOperation: false, endedBy: null },
  /** Its object is being removed. */
  deleting: {
    next: ["deleted"],
    holdsOperation: false,
    endedBy: "reconciler: repeats the removal until the store has answered",
  },
  /** A tombstone: the object is gone, the record stays. */
  deleted: { next: [], holdsOperation: false, endedBy: null },
} as const satisfies Record<
  string,
  { next: readonly string[]; holdsOperation: boolean; endedBy: string | null }
>;

export type BackupStatus = keyof typeof states;

export const backupStatuses = Object.keys(states) as readonly BackupStatus[];

/** Whether a backup may go from one state to the other in one step. */
export function mayFollow(from: BackupStatus, to: BackupStatus): boolean {
  return (states[from].next as readonly BackupStatus[]).includes(to);
}

/** What may follow a state. */
export function following(from: BackupStatus): readonly BackupStatus[] {
  return states[from].next;
}

/** Whether a backup in this state keeps other operations away from its server game config. */
export function holdsOperation(status: BackupStatus): boolean {
  return states[status].holdsOperation;
}

/** Who ends this state when its owner dies; null for states that may last for ever. */
export function endedBy(status: BackupStatus): string | null {
  return states[status].endedBy;
}

/** The state as the wire contract names it. */
export function publicStatus(status: BackupStatus): Exclude<BackupStatus, "verifying"> {
  return status === "verifying" ? "running" : status;
}
