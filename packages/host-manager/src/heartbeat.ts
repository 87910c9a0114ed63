// Says again and again that this host is alive and which attempts it holds, and ends those that no longer count.
import { backoffMs } from "@manman/core/backoff.ts";
import { Fault, isAway, wordsOf } from "@manman/core/fault.ts";
import type { Logger } from "pino";
import {
  Disowned,
  type AttemptId,
  type ControlPlaneApi,
  type HostIdentity,
  type RunningAttempt,
} from "./control-plane-api.ts";
import type { Patience } from "./retry.ts";

export type HeartbeatParts = {
  readonly api: Pick<ControlPlaneApi, "heartbeat">;
  readonly host: HostIdentity;
  readonly held: () => readonly RunningAttempt[];
  /** What keeps new work away; empty where nothing does. */
  readonly hostProblem: () => string;
  /** Calls an attempt off; rejects with an `away` Fault while that cannot be written down. */
  readonly drop: (attempt: AttemptId, reason: string) => Promise<void>;
  readonly log: Logger;
};

/** What the control plane takes in one call. More are held only while reports pile up because the broker is away. */
const attemptsPerCallMax = 1_000;

/** A lease must survive some heartbeats that do not get through, so those come soon after each other. */
const failedBackoff = { firstMs: 500, mostMs: 5_000 };

/** Why the beating ended. `unknown-server`: the control plane's database is another one than before. */
export type BeatEnd = "stopped" | "unknown-server" | Disowned;

/**
 * Beats until the signal is aborted (`stopped`), or until the control plane does not know this server or says that it belongs to
 * another host manager. The first beat goes out at once, since after a restart leases are running.
 */
export async function beat(
  parts: HeartbeatParts,
  { clock, random, signal }: Patience,
): Promise<BeatEnd> {
  let failures = 0;
  while (!signal.aborted) {
    let waitMs: number;
    try {
      waitMs = await beatOnce(parts);
      if (failures > 0) parts.log.info({ failures }, "the control plane answers again");
      failures = 0;
    } catch (error) {
      if (signal.aborted) break;
      if (!(error instanceof Fault)) throw error;
      if (error instanceof Disowned) return error;
      if (error.kind === "missing") return "unknown-server";
      failures += 1;
      waitMs = backoffMs(failures, failedBackoff, random());
      const log = { why: wordsOf(error), failures };
      parts.log[failures === 1 ? "warn" : "debug"](log, "heartbeat failed");
    }
    await clock.sleep(waitMs, signal);
  }
  return "stopped";
}

/** Milliseconds until the next beat. */
async function beatOnce({
  api,
  host,
  held,
  hostProblem,
  ...parts
}: HeartbeatParts): Promise<number> {
  const attempts = held();
  const problem = hostProblem();
  let waitMs: number;
  let from = 0;
  do {
    const some = attempts.slice(from, from + attemptsPerCallMax);
    const answer = await api.heartbeat(host, some, problem);
    waitMs = answer.nextHeartbeatMs;
    for (const stopped of answer.stopped) await drop(parts, stopped);
    from += attemptsPerCallMax;
  } while (from < attempts.length);
  return waitMs;
}

/** Does not hold up the heartbeat when it fails: as long as the attempt is held, the next answer says the same again. */
async function drop(
  parts: Pick<HeartbeatParts, "drop" | "log">,
  { backupId, attempt, reason }: AttemptId & { readonly reason: string },
): Promise<void> {
  const log = parts.log.child({ backup_id: backupId, attempt });
  log.info({ reason }, "attempt stopped by the control plane");
  try {
    await parts.drop({ backupId, attempt }, reason);
  } catch (error) {
    if (!isAway(error)) throw error;
    log.warn({ why: error.message }, "the journal cannot be written");
  }
}
