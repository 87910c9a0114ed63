// The life of a session, one run of a game: the one table of its states.

const states = {
  /** Recorded, its command on the way to the host. */
  pending: {
    next: ["starting", "running", "stopping", "stopped", "crashed", "completed"],
    live: true,
    endedBy: "reconciler: sends the start again, gives up after the dispatch deadline",
  },
  /** The host makes it ready. */
  starting: {
    next: ["running", "stopping", "stopped", "crashed", "completed"],
    live: true,
    endedBy: "reconciler: sends the start again, gives up after the dispatch deadline",
  },
  /** The game's process runs. */
  running: { next: ["stopping", "stopped", "crashed", "completed"], live: true, endedBy: null },
  /** A stop was asked for and the process has not ended yet. */
  stopping: {
    next: ["stopped", "crashed", "completed"],
    live: true,
    endedBy:
      "reconciler: sends the stop again, gives up after the dispatch deadline where the host is away",
  },
  /** Ended because somebody asked for it. */
  stopped: { next: [], live: false, endedBy: null },
  /** Could not start, or ended by a signal or a non-zero exit code that nobody asked for. */
  crashed: { next: [], live: false, endedBy: null },
  /** Ended by itself with exit code 0. */
  completed: { next: [], live: false, endedBy: null },
} as const satisfies Record<
  string,
  { next: readonly string[]; live: boolean; endedBy: string | null }
>;

export type SessionStatus = keyof typeof states;

export const sessionStatuses = Object.keys(states) as readonly SessionStatus[];

export function sessionMayFollow(from: SessionStatus, to: SessionStatus): boolean {
  return (states[from].next as readonly SessionStatus[]).includes(to);
}

/** Whether a session in this state may have a process on its host. */
export function isLive(status: SessionStatus): boolean {
  return states[status].live;
}

/** Who moves a session on when its host says nothing; null for states that may last for ever. */
export function sessionEndedBy(status: SessionStatus): string | null {
  return states[status].endedBy;
}

export const liveStatuses = sessionStatuses.filter(isLive);
