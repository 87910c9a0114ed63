// Makes a host's queue and lets go out what has waited for it.
import type { Bus, Clock, Records } from "@manman/core/ports.ts";
import { logFailure, type Log } from "./log.ts";
import { within } from "./within.ts";

/** How long a call waits for the broker; the queue is made all the same, by the host itself if need be. */
const declareWaitMs = 2_000;

/** Never fails: a broker that is away must not keep a host from registering, nor a game from being deployed. */
export async function prepareHostQueue(
  serverId: bigint,
  needs: {
    readonly bus: Pick<Bus, "declareHostQueue">;
    readonly records: Pick<Records, "outbox">;
    readonly wakeRelay: () => void;
    readonly clock: Clock;
    readonly log: Log;
  },
): Promise<void> {
  const { bus, records, wakeRelay, clock, log } = needs;
  const declareAndRetry = async (): Promise<void> => {
    try {
      await bus.declareHostQueue(serverId);
      await records.outbox.retryFor(serverId);
      wakeRelay();
    } catch (error) {
      logFailure(log, { server_id: serverId }, error, "a host's queue could not be made now");
    }
  };
  await within(clock, declareWaitMs, declareAndRetry());
}
