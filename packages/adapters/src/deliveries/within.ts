// Bounds a wait in time.

/** What the work answers, or after so long the error that `late` makes; the work itself goes on unheard then. */
export async function within<T>(ms: number, work: Promise<T>, late: () => Error): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(late()), ms);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits until the work has ended, one way or the other, for so long at most. */
export async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  try {
    await Promise.race([work, promise]);
  } catch {
    // How it ended is for others to know.
  } finally {
    clearTimeout(timer);
  }
}
