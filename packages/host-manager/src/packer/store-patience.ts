// Bears with an object store that is away: what is sent to it is sent again until it answers, so that an outage of the store costs time
// and no attempt. What bounds the waiting is the host manager, which ends a packer that makes no progress.
import type { BackoffLimits } from "@manman/core/backoff.ts";
import type { Clock } from "@manman/core/ports.ts";
import { repeatWhileAway } from "@manman/core/repeat-while-away.ts";

/** A store that is away, or back; `awayMs` counts from the first failure. */
export type StoreNews =
  | { readonly kind: "store-away"; readonly why: string; readonly awayMs: number }
  | { readonly kind: "store-back"; readonly awayMs: number };

export type StorePatience = {
  readonly clock: Pick<Clock, "elapsedMs" | "sleep">;
  /** Numbers in [0, 1), for the spread of waits. */
  readonly random: () => number;
  /** Told once that the store is away, and once that it is back. */
  readonly tell: (news: StoreNews) => void;
};

/** Soon enough to notice that the store is back, and far enough apart for a store that is ill from too many requests. */
const backoff: BackoffLimits = { firstMs: 250, mostMs: 20_000 };

/** One lost connection is no outage. */
const tellAfterMs = 2_000;

/**
 * Gives a function that calls `send` again while that throws `away` Faults; any other error is passed on at once. The signal ends it
 * with its reason. Several may be under way at a time.
 */
export function storePatience({ clock, random, tell }: StorePatience) {
  let toldSinceMs: number | null = null;
  return async <T>(send: () => Promise<T>, signal: AbortSignal): Promise<T> => {
    let failedSinceMs: number | null = null;
    const sent = await repeatWhileAway(send, { clock, random, backoff, signal }, (fault) => {
      const nowMs = clock.elapsedMs();
      failedSinceMs ??= nowMs;
      const awayMs = Math.round(nowMs - failedSinceMs);
      if (toldSinceMs !== null || signal.aborted || awayMs < tellAfterMs) return;
      toldSinceMs = failedSinceMs;
      tell({ kind: "store-away", why: fault.message, awayMs });
    });
    if (toldSinceMs !== null) {
      tell({ kind: "store-back", awayMs: Math.round(clock.elapsedMs() - toldSinceMs) });
      toldSinceMs = null;
    }
    return sent;
  };
}
