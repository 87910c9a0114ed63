// How the host manager bears with what is away: with waits of one measure, and without filling its log.
import type { BackoffLimits } from "@manman/core/backoff.ts";
import type { Clock } from "@manman/core/ports.ts";
import { repeatWhileAway } from "@manman/core/repeat-while-away.ts";
import type { Logger } from "pino";

export type Patience = {
  readonly clock: Clock;
  /** Numbers in [0, 1), for the spread of waits. */
  readonly random: () => number;
  /** Ends the retries: the call then rejects with the signal's reason. */
  readonly signal: AbortSignal;
};

/** `work`, or the signal's reason as soon as it is aborted: the work then goes on with nobody waiting for it. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason as Error);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

export const awayBackoff: BackoffLimits = { firstMs: 200, mostMs: 30_000 };

/**
 * The result of `work`, which is repeated while it throws `away` Faults; any other error is passed on. What fails is logged under
 * `putOff`, loudly once and quietly from then on.
 */
export async function untilNotAway<T>(
  work: () => Promise<T>,
  patience: Patience,
  log: Logger,
  putOff: string,
): Promise<T> {
  return await repeatWhileAway(work, { ...patience, backoff: awayBackoff }, (fault, tries) => {
    log[tries === 1 ? "warn" : "debug"]({ why: fault.message, tries }, putOff);
  });
}
