// Ties a request to the signal that calls it off, whosever kind of signal that is.
import type { AbortSignalLike } from "@manman/core/ports.ts";

/** Gives the platform's own signal to the work, for as long as it takes. */
export async function whileWanted<T>(
  wanted: AbortSignalLike,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  wanted.addEventListener("abort", stop);
  try {
    if (wanted.aborted) stop();
    return await work(controller.signal);
  } finally {
    wanted.removeEventListener("abort", stop);
  }
}
