// Says again and again that this host is alive and which attempts it holds, and ends those that no longer count.
import { backoffMs } from "@manman/core/backoff.ts";
import { Fault, wordsOf } from "@manman/core/fault.ts";
import type { Logger } from "pino";
import type {
  AttemptId,
  ControlPlaneApi,
  HostIdentity,
  RunningAttempt,
} from "./control-plane-api.ts";
import type { Patience } from "./retry.ts";

export type HeartbeatParts = {
  readonly api: Pick<ControlPlaneApi, "heartbeat">;
  readonly host: HostIdentity;
  readonly held: () => readonly RunningAttempt[];
  readonly drop: (attempt: AttemptId, reason: string) => Promise<void>;
  /** The control plane does not know this server any more: its database is another one. */
  readonly onUnknownServer: () => Promise<void>;
  readonly log: Logger;
};

/** A lease must survive some heartbeats that do not get through, so those come soon after each other. */
const failedBackoff = { firstMs: 500, mostMs: 5_000 };

/** Beats until the signal is aborted. The first beat goes out at once: after a restart it keeps the leases that run. */
export async function beat(
  parts: HeartbeatParts,
  { clock, random, signal }: Patience,
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    let waitMs: number;
    try {
      const answer = await parts.api.heartbeat(parts.host, parts.held());
      if (failures > 0) parts.log.info({ failures }, "the control plane answers again");
      failures = 0;
      waitMs = answer.nextHeartbeatMs;
      for (const { backupId, attempt, reason } of answer.stopped) {
        parts.log.info({ backupId, attempt, reason }, "attempt stopped by the control plane");
        await parts.drop({ backupId, attempt }, reason);
      }
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      failures += 1;
      waitMs = backoffMs(failures, failedBackoff, random());
      parts.log[failures === 1 ? "warn" : "debug"](
        { why: wordsOf(error), failures },
        "heartbeat failed",
      );
      if (error.kind === "missing") await parts.onUnknownServer();
    }
    await clock.wait(waitMs, signal);
  }
}
