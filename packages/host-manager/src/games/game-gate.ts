// Starts a game's process in two steps, so that a supervisor that is killed in between leaves no game that nobody knows of: the
// process comes up at a gate (a shell that waits for a word on a pipe), its pid is recorded, and only then does it become the game.
// Without the word the pipe ends with the supervisor, and the shell goes without running anything.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, openSync } from "node:fs";
import { Socket } from "node:net";
import { constants as system } from "node:os";
import type { Writable } from "node:stream";
import { promisify } from "node:util";
import { Fault } from "@manman/core/fault.ts";
import type { GameLaunch } from "./game-runner.ts";
import { identityOf, type ProcessIdentity } from "./process-identity.ts";
import { GAME_LOG, STDIN_PIPE, type SessionDirectory } from "./session-directory.ts";

/** The pid, the process group and the start time stay what they are when the shell turns into the game. */
const GATE = 'IFS= read -r word <&3 && exec 3<&- && exec "$@"';

/** What a process left behind when it ended. */
export interface ProcessEnd {
  /** 128 + the signal's number after a death by signal. */
  readonly exitCode: number;
  readonly signal: NodeJS.Signals | undefined;
}

/** A process that waits to become the game. */
export interface GatedGame {
  readonly identity: ProcessIdentity;
  /** Resolves with how the process ended, be it at the gate. */
  readonly exited: Promise<ProcessEnd>;
  /** Where to write the game's input. */
  readonly stdin: Socket;
  /** Lets it become the game. */
  open(): void;
}

/** @throws Fault when the process cannot be made. */
export async function spawnAtGate(
  launch: GameLaunch,
  environment: Readonly<Record<string, string>>,
  directory: SessionDirectory,
): Promise<GatedGame> {
  const pipe = directory.file(STDIN_PIPE);
  await promisify(execFile)("mkfifo", ["-m", "600", pipe]);
  // The game holds both ends of its own standard input: a supervisor that is killed is no end of file to it.
  const gameEnd = openSync(pipe, constants.O_RDWR);
  const writeEnd = openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
  const log = openSync(directory.file(GAME_LOG), "a", 0o600);
  const child = spawn("/bin/sh", ["-c", GATE, "game", ...launch.argv], {
    cwd: launch.workingDirectory,
    env: { ...environment, ...launch.env },
    // A session and a process group of its own.
    detached: true,
    stdio: [gameEnd, log, log, "pipe"],
  });
  closeSync(gameEnd);
  closeSync(log);
  // At once: as long as the event loop has not run, a child that died is still there to be looked at.
  const identity = child.pid === undefined ? undefined : identityOf(child.pid);
  const exited = new Promise<ProcessEnd>((resolve) => {
    child.once("exit", (code, signal) => resolve(processEnd(code, signal)));
  });
  try {
    await once(child, "spawn");
  } catch (error) {
    closeSync(writeEnd);
    throw new Fault("exhausted", `spawn ${launch.argv[0]}`, error);
  }
  if (identity === undefined) throw new Error("a process that was spawned has a pid");
  const gate = child.stdio[3] as Writable;
  // A shell that was killed at its gate is told by its exit.
  gate.on("error", () => undefined);
  return {
    identity,
    exited,
    stdin: new Socket({ fd: writeEnd, readable: false, writable: true }),
    open: () => gate.end("go\n"),
  };
}

function processEnd(code: number | null, signal: NodeJS.Signals | null): ProcessEnd {
  if (signal === null) return { exitCode: code ?? -1, signal: undefined };
  return { exitCode: 128 + system.signals[signal], signal };
}
