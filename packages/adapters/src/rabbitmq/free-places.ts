// Lets a bounded number of pieces of work go on at a time; a bounded number of others wait in line.

export type FreePlaces = {
  /** Takes a place, now or within so long, and answers how to give it back. Null when none was free in time, or the line is full. */
  readonly take: (waitMs: number) => Promise<(() => void) | null>;
};

export function freePlaces(placesMax: number, waitingMax: number): FreePlaces {
  let taken = 0;
  const line = new Set<() => void>();
  const giveBack = (): void => {
    const [next] = line;
    // The place goes straight to whoever waits longest.
    if (next === undefined) taken -= 1;
    else next();
  };
  const once = (): (() => void) => {
    let isHeld = true;
    return () => {
      if (isHeld) giveBack();
      isHeld = false;
    };
  };
  return {
    take: async (waitMs) => {
      if (taken < placesMax) {
        taken += 1;
        return once();
      }
      if (line.size >= waitingMax) return null;
      return await new Promise((resolve) => {
        const proceed = (): void => {
          clearTimeout(timer);
          line.delete(proceed);
          resolve(once());
        };
        const giveUp = (): void => {
          line.delete(proceed);
          resolve(null);
        };
        const timer = setTimeout(giveUp, waitMs);
        line.add(proceed);
      });
    },
  };
}
