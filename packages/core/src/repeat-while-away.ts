// Repeats what failed because something was away, for as long as it takes, so that no outage of another part loses work of ours.
import { backoffMs, type BackoffLimits } from "./backoff.ts";
import { isAway, type Fault } from "./fault.ts";
import type { AbortSignalLike, Clock } from "./ports.ts";

export type Repetition = {
  readonly clock: Pick<Clock, "sleep">;
  /** Numbers in [0, 1), for the spread of waits. */
  readonly random: () => number;
  readonly backoff: BackoffLimits;
  /** Ends the repeating: the call then rejects with the signal's reason. Work that is under way is not cut short. */
  readonly signal: AbortSignalLike & { throwIfAborted(): void };
};

/**
 * The result of `work`, which is repeated while it throws `away` Faults; any other error is passed on. `onAway` is told each of them, with
 * the number of tries so far, before the wait.
 */
export async function repeatWhileAway<T>(
  work: () => Promise<T>,
  { clock, random, backoff, signal }: Repetition,
  onAway: (fault: Fault, tries: number) => void,
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (!isAway(error)) throw error;
      onAway(error, tries);
      await clock.sleep(backoffMs(tries, backoff, random()), signal);
    }
  }
}
