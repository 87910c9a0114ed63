// Brings up the supervisor of a session whose intent is recorded, and waits until its game runs.
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Fault } from "@manman/core/fault.ts";
import { currentBootId, isAlive } from "./process-identity.ts";
import { SUPERVISOR_LOG, type SessionDirectory } from "./session-directory.ts";
import type { ExitRecord } from "./session-records.ts";
import { lookAtSession } from "./session-look.ts";

export interface SupervisorStart {
  /** The variables of the supervisor, and of its game. */
  readonly environment: Readonly<Record<string, string>>;
  /** How long it may take to come up. */
  readonly secondsMax: number;
  readonly nowMs: () => number;
}

const POLL_MS = 20;
const SUPERVISOR = fileURLToPath(new URL("./supervisor-main.ts", import.meta.url));
/** It holds little, but many of it run. */
const SUPERVISOR_OPTIONS = ["--max-semi-space-size=1", "--max-old-space-size=64"];

/**
 * Resolves once the session's game runs, or has run and ended. Called again for a session that an earlier call, or an earlier host
 * manager, left half started, it goes on from there: however many supervisors are spawned, one can claim the session.
 * @throws Fault when its program does not run; that end is recorded by then.
 */
export async function bringUpSupervisor(
  directory: SessionDirectory,
  { environment, secondsMax, nowMs }: SupervisorStart,
): Promise<void> {
  const overdue = AbortSignal.timeout(secondsMax * 1000);
  let supervisor: SpawnedSupervisor | undefined;
  for (;;) {
    const verdict = (await lookAtSession(directory, nowMs))?.verdict;
    if (verdict === undefined) throw new Error(`no spec.json in ${directory.path}`);
    if (verdict.is === "running") return;
    if (verdict.is === "ended") {
      answerEnded(verdict.exit);
      return;
    }
    if (overdue.aborted) {
      await giveUp(directory, `its supervisor took over ${secondsMax} s`, nowMs);
    } else if (verdict.is === "unclaimed") {
      supervisor ??= spawnSupervisor(directory, environment);
      if (supervisor.failure !== undefined) await giveUp(directory, supervisor.failure, nowMs);
    }
    await sleep(POLL_MS);
  }
}

/** Takes the claim, so that nobody ever starts the session's game any more; false when somebody has the claim already. */
export async function callOff(directory: SessionDirectory): Promise<boolean> {
  return await directory.claim({
    bootId: currentBootId(),
    supervisor: undefined,
    game: undefined,
  });
}

function answerEnded(exit: ExitRecord): void {
  if (exit.how === "not-started") {
    throw new Fault(exit.faultKind ?? "rejected", exit.reason ?? "its program did not run");
  }
}

interface SpawnedSupervisor {
  /** Why it is gone; that is no failure if it, or another, has the claim. */
  readonly failure: string | undefined;
}

function spawnSupervisor(
  directory: SessionDirectory,
  environment: Readonly<Record<string, string>>,
): SpawnedSupervisor {
  const log = openSync(directory.file(SUPERVISOR_LOG), "a", 0o600);
  const child = spawn(process.execPath, [...SUPERVISOR_OPTIONS, SUPERVISOR], {
    cwd: directory.path,
    env: { ...environment },
    // A session of its own: neither the host manager's terminal nor a signal to its group reaches it.
    detached: true,
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  child.unref();
  const spawned: { failure: string | undefined } = { failure: undefined };
  child.once("error", (error) => {
    spawned.failure = `its supervisor cannot be spawned: ${error.message}`;
  });
  child.once("exit", (code, signal) => {
    spawned.failure = `its supervisor ended with ${signal ?? code} before the program ran; see ${directory.file(SUPERVISOR_LOG)}`;
  });
  return spawned;
}

/** Ends a start that does not come about. The next look tells how it stands then. */
async function giveUp(
  directory: SessionDirectory,
  reason: string,
  nowMs: () => number,
): Promise<void> {
  if (await callOff(directory)) {
    await directory.recordExit({
      how: "not-started",
      exitCode: -1,
      signal: undefined,
      endedAtMs: nowMs(),
      reason,
      faultKind: "exhausted",
    });
    return;
  }
  const record = await directory.readSupervisor();
  // It has the claim and hangs. At its gate, the game goes with it; one that came through the gate in this moment runs on.
  if (record?.supervisor !== undefined && record.game === undefined && isAlive(record.supervisor)) {
    process.kill(record.supervisor.pid, "SIGKILL");
  }
}
