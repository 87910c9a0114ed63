// Begins to consume the reports, however long the broker takes to let it.
import { backoffMs } from "@manman/core/backoff.ts";
import type { Bus, Clock, Consumption, Delivery, DeliveryVerdict } from "@manman/core/ports.ts";
import { logFailure, type Log } from "./log.ts";
import { within } from "./within.ts";

/** Reports in hand at a time. */
const prefetch = 64;
const endWaitMs = 5_000;
const beginBackoff = { firstMs: 250, mostMs: 5_000 };

export type ReportConsumption = {
  /** Resolves once reports are being taken. */
  readonly begun: Promise<void>;
  /** Takes no more reports, and lets those in hand finish. */
  readonly stop: () => Promise<void>;
};

export function consumeReports(needs: {
  readonly bus: Pick<Bus, "consume">;
  readonly handle: (delivery: Delivery) => Promise<DeliveryVerdict>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}): ReportConsumption {
  const { bus, handle, clock, random, log } = needs;
  const stopping = new AbortController();
  const begun = Promise.withResolvers<void>();

  const begin = async (): Promise<Consumption | null> => {
    for (let failures = 1; !stopping.signal.aborted; failures += 1) {
      try {
        const consumption = await bus.consume({ queue: "reports" }, prefetch, handle);
        begun.resolve();
        return consumption;
      } catch (error) {
        logFailure(log, { failures }, error, "reports cannot be consumed as yet");
        await clock.sleep(backoffMs(failures, beginBackoff, random()), stopping.signal);
      }
    }
    return null;
  };

  const beginning = begin();
  return {
    begun: begun.promise,
    stop: async () => {
      stopping.abort();
      // One that waits for the broker still ends when the bus is closed.
      await within(
        clock,
        endWaitMs,
        beginning.then(async (consumption) => await consumption?.close()),
      );
    },
  };
}
