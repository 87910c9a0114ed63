// Takes one delivery to its verdict: what a handler throws decides whether the message waits, is tried again, or is given up.
import { setTimeout as sleep } from "node:timers/promises";
import { backoffMs, type BackoffLimits } from "@manman/core/backoff.ts";
import { isAway, wordsOf } from "@manman/core/fault.ts";
import type { Delivery, DeliveryVerdict } from "@manman/core/ports.ts";
import type { TryCounts } from "./try-counts.ts";

/** A handler that throws anything but an `away` Fault is given a message so often. */
export const handlerTriesMax = 3;

export type Handling = {
  readonly handle: (delivery: Delivery) => Promise<DeliveryVerdict>;
  readonly counts: TryCounts;
  /** Between two tries of one message. */
  readonly backoff: BackoffLimits;
  readonly random: () => number;
};

/**
 * The verdict on the delivery, or null when `signal` ended the waiting before there was one. The signal is heard between two
 * tries: a handler at work is never cut short.
 */
export async function handleDelivery(
  { handle, counts, backoff, random }: Handling,
  delivery: Delivery,
  signal: AbortSignal,
): Promise<DeliveryVerdict | null> {
  for (let waits = 1; ; waits += 1) {
    try {
      const verdict = await handle(delivery);
      counts.forget(delivery.messageId);
      return verdict;
    } catch (error) {
      if (!isAway(error) && counts.add(delivery.messageId) >= handlerTriesMax) {
        counts.forget(delivery.messageId);
        return { kind: "dead-letter", reason: wordsOf(error) };
      }
    }
    if (!(await pause(backoffMs(waits, backoff, random()), signal))) return null;
  }
}

/** Whether the whole time passed before the signal came. */
export async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  return await sleep(ms, true, { signal }).catch(() => false);
}
