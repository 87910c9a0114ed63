// The life of a session, one run of a game: the one table of its states.

const states = {
  /** Recorded, its command on the way to the host. */
  pending: {
    next: ["starting", "running", "stopping", "stopped", "crashed", "completed"],
    live: true,
  },
  /** The host makes it ready. */
  starting: { next: ["running", "stopping", "stopped", "crashed", "completed"], live: true },
  /** The game's process runs. */
  running: { next: ["stopping", "stopped", "crashed", "completed"], live: true },
  /** A stop was asked for and the process has not ended yet. */
  stopping: { next: ["stopped", "crashed", "completed"], live: true },
  /** Ended because somebody asked for it. */
  stopped: { next: [], live: false },
  /** Could not start, or ended by a signal or a non-zero exit code that nobody asked for. */
  crashed: { next: [], live: false },
  /** Ended by itself with exit code 0. */
  completed: { next: [], live: false },
} as const satisfies Record<string, { next: readonly string[]; live: boolean }>;

export type SessionStatus = keyof typeof states;

export const sessionStatuses = Object.keys(states) as readonly SessionStatus[];

export function sessionMayFollow(from: SessionStatus, to: SessionStatus): boolean {
  return (states[from].next as readonly SessionStatus[]).includes(to);
}

/** Whether a session in this state may have a process on its host. */
export function isLive(status: SessionStatus): boolean {
  return states[status].live;
}

export const liveStatuses = sessionStatuses.filter(isLive);
