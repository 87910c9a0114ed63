// Follows one game from wherever it stands to its end. Nothing is remembered between looks, so that a host manager that was away, or a
// supervisor that goes, changes only what the next look finds.
import { setTimeout as sleep } from "node:timers/promises";
import { untilSupervisorGoes } from "./control-client.ts";
import { LOG_CHECK_MS, rotateGameLog } from "./game-log.ts";
import { endGroup } from "./process-group.ts";
import { isAlive } from "./process-identity.ts";
import { GAME_LOG, type SessionDirectory } from "./session-directory.ts";
import { lookAtSession, type SeenSession } from "./session-look.ts";

/** How often a game that is about to start is looked at. */
const STARTING_POLL_MS = 100;
/** As for a supervised game: see supervised-game.ts. */
const LEFTOVER_GRACE_SECONDS = 30;

/** Calls `onSeen` after each look; resolves when the session has ended, is no more, or `signal` says so. */
export async function watchGame(
  directory: SessionDirectory,
  nowMs: () => number,
  signal: AbortSignal,
  onSeen: (seen: SeenSession) => void,
): Promise<void> {
  while (!signal.aborted) {
    const seen = await lookAtSession(directory, nowMs);
    if (seen === undefined) return;
    onSeen(seen);
    if (seen.verdict.is === "ended") return;
    await untilNextLook(directory, seen, signal);
  }
}

async function untilNextLook(
  directory: SessionDirectory,
  { verdict }: SeenSession,
  signal: AbortSignal,
): Promise<void> {
  if (verdict.is !== "running") {
    await pause(STARTING_POLL_MS, signal);
  } else if (verdict.supervised) {
    // It may listen no more, its last record written and its process on the way out.
    await untilSupervisorGoes(directory, signal).catch(
      async () => await pause(STARTING_POLL_MS, signal),
    );
  } else {
    // What the supervisor would do, and is not there to do.
    rotateGameLog(directory.file(GAME_LOG));
    if (!isAlive(verdict.game)) {
      const killAtMs = performance.now() + LEFTOVER_GRACE_SECONDS * 1000;
      await endGroup(
        verdict.game,
        () => performance.now() >= killAtMs,
        () => signal.aborted,
      );
    }
    await pause(LOG_CHECK_MS, signal);
  }
}

/** Resolves early when `signal` says so. */
async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
}
