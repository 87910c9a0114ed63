// Runs pieces of work side by side, a bounded number at a time, and never two for the same key.
import { logFailure, type Log } from "./log.ts";

export type WorkSlots = {
  /**
   * Runs the work when a slot is free. False, and nothing happens, where work for the key waits or runs already or nothing
   * more may wait. Whatever the work throws is logged.
   */
  readonly offer: (key: string, work: () => Promise<void>) => boolean;
  /** How many more pieces may be offered now. */
  readonly room: () => number;
  /** Takes no more, drops what waits, and resolves when what runs has ended. */
  readonly stop: () => Promise<void>;
};

export function workSlots(slots: {
  readonly runningMax: number;
  readonly waitingMax: number;
  readonly log: Log;
}): WorkSlots {
  const { runningMax, waitingMax, log } = slots;
  const waiting = new Map<string, () => Promise<void>>();
  const running = new Map<string, Promise<void>>();
  let isStopping = false;

  const startNext = (): void => {
    for (const [key, work] of waiting) {
      if (running.size >= runningMax) return;
      waiting.delete(key);
      running.set(key, run(key, work));
    }
  };

  const run = async (key: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      logFailure(log, { work: key }, error, "work failed; the reconciler repeats it");
    } finally {
      running.delete(key);
      startNext();
    }
  };

  return {
    offer: (key, work) => {
      if (isStopping || waiting.size >= waitingMax) return false;
      if (waiting.has(key) || running.has(key)) return false;
      waiting.set(key, work);
      startNext();
      return true;
    },
    room: () => (isStopping ? 0 : waitingMax - waiting.size),
    stop: async () => {
      isStopping = true;
      waiting.clear();
      await Promise.all(running.values());
    },
  };
}
