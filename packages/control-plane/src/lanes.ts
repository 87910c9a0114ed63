// Keeps the order of what belongs together while everything else runs side by side.

/** Runs the pieces of one lane one after another, in the order of the calls; lanes do not wait for each other. */
export function lanes(): <T>(lane: string, work: () => Promise<T>) => Promise<T> {
  const ends = new Map<string, Promise<unknown>>();
  return async (lane, work) => {
    const before = ends.get(lane);
    const mine = before === undefined ? work() : before.then(work, work);
    ends.set(lane, mine);
    try {
      return await mine;
    } finally {
      if (ends.get(lane) === mine) ends.delete(lane);
    }
  };
}
