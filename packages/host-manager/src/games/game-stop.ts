// Stops one game, whoever is left to do it: its supervisor, or, where that was killed or hangs, the host manager itself.
import { setTimeout as sleep } from "node:timers/promises";
import { Fault, wordsOf } from "@manman/core/fault.ts";
import { askSupervisor } from "./control-client.ts";
import { endGroup } from "./process-group.ts";
import type { SessionDirectory } from "./session-directory.ts";
import { lookAtSession } from "./session-look.ts";
import { callOff } from "./supervisor-start.ts";

/** How long after SIGKILL a process may take to be gone, and its end to be recorded. */
const KILLED_SECONDS_MAX = 20;
const POLL_MS = 50;

/**
 * Resolves once nothing of the session's game is left and its end is recorded. Without a session there is nothing to do.
 * @throws Fault `away` when something outlives SIGKILL, or its end cannot be recorded.
 */
export async function stopGame(
  directory: SessionDirectory,
  graceSeconds: number,
  nowMs: () => number,
): Promise<void> {
  const killAtMs = performance.now() + graceSeconds * 1000;
  const isOverdue = (): boolean => performance.now() >= killAtMs;
  const givesUp = (): boolean => performance.now() >= killAtMs + KILLED_SECONDS_MAX * 1000;
  let asked = false;
  let refusal = "";
  while (!givesUp()) {
    const verdict = (await lookAtSession(directory, nowMs))?.verdict;
    if (verdict === undefined || verdict.is === "ended") return;
    if (verdict.is === "unclaimed") await callOff(directory);
    if (verdict.is === "running" && !asked) {
      const graceLeftMs = Math.max(0, killAtMs - performance.now());
      if (verdict.supervised) {
        refusal = await refusalOf(directory, graceLeftMs / 1000);
        asked = refusal === "";
      }
      // A supervisor that hangs keeps no game alive, and once it goes on it records the end.
      if (!asked) await endGroup(verdict.game, isOverdue, givesUp);
    }
    await sleep(POLL_MS);
  }
  throw new Fault("away", `something of the game is left after SIGKILL ${refusal}`);
}

/** Empty when it agreed. */
async function refusalOf(directory: SessionDirectory, graceSeconds: number): Promise<string> {
  try {
    await askSupervisor(directory, { op: "stop", graceSeconds });
    return "";
  } catch (error) {
    return wordsOf(error);
  }
}
