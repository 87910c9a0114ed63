// Keeps a bounded number of steps of a source under way, so that what each step starts (opening and reading a small file) overlaps.

/**
 * The items of `source` in order, with up to `countMax` of them asked for before they are needed.
 * When the taker stops early or the source fails, every item that was asked for and not handed out goes to `discard`.
 */
export async function* readAhead<T>(
  source: AsyncGenerator<T, void, void>,
  countMax: number,
  discard: (item: T) => Promise<void>,
): AsyncGenerator<T, void, void> {
  const asked: Promise<IteratorResult<T, void>>[] = [];
  try {
    for (;;) {
      while (asked.length < countMax) asked.push(handled(source.next()));
      const result = await (asked.shift() as Promise<IteratorResult<T, void>>);
      if (result.done === true) return;
      yield result.value;
    }
  } finally {
    const outcomes = await Promise.allSettled(asked);
    for (const outcome of outcomes) {
      if (outcome.status === "fulfilled" && outcome.value.done !== true) {
        await discard(outcome.value.value);
      }
    }
    await source.return();
  }
}

/** A failure is met when its turn comes; until then it must not count as one that nobody looks at. */
function handled<R>(promise: Promise<R>): Promise<R> {
  promise.catch(() => undefined);
  return promise;
}
