// The supervisor: a small process that owns one running game, so that the host manager can be killed, upgraded and restarted. Its
// working directory is the session's (a Unix socket can be bound in any depth that way), its standard output and error are a file there,
// and its environment is what every game gets. It loads all its code at the start, since an upgrade may take the files away.
import { unlink } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { Fault, wordsOf } from "@manman/core/fault.ts";
import type { ControlAnswer, ControlRequest } from "./control-protocol.ts";
import { listenForControl } from "./control-server.ts";
import { spawnAtGate } from "./game-gate.ts";
import { LOG_CHECK_MS, rotateGameLog } from "./game-log.ts";
import type { GameLaunch } from "./game-runner.ts";
import { checkProgram } from "./launch-check.ts";
import { currentBootId, identityOf } from "./process-identity.ts";
import { CONTROL_SOCKET, GAME_LOG, SessionDirectory, STDIN_PIPE } from "./session-directory.ts";
import type { ExitRecord } from "./session-records.ts";
import { SupervisedGame } from "./supervised-game.ts";

const EXIT_RETRY_MS = 1_000;

// At a shutdown of the machine everybody gets SIGTERM: the game ends by it, and the supervisor stays to see how.
for (const signal of ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM"] as const) {
  process.on(signal, () => undefined);
}

const directory = new SessionDirectory(".");
const claim = { bootId: currentBootId(), supervisor: identityOf(process.pid), game: undefined };
const launch = await directory.readSpec();
if (launch === undefined) throw new Error("there is no spec.json in the working directory");
// Another supervisor has it, or the start was called off.
if (!(await directory.claim(claim))) process.exit(0);

await recordExit(await superviseToTheEnd(launch));
process.exit(0);

async function superviseToTheEnd(spec: GameLaunch): Promise<ExitRecord> {
  let game: SupervisedGame | undefined;
  const answer = (request: ControlRequest): ControlAnswer =>
    game?.answer(request) ?? { ok: false, kind: "away", problem: "the game is about to start" };
  try {
    await listenForControl(CONTROL_SOCKET, answer);
    game = await start(spec);
  } catch (error) {
    return {
      how: "not-started",
      exitCode: -1,
      signal: undefined,
      endedAtMs: Date.now(),
      reason: wordsOf(error),
      faultKind: error instanceof Fault ? error.kind : "rejected",
    };
  }
  const rotation = setInterval(() => rotateGameLog(GAME_LOG), LOG_CHECK_MS);
  const end = await game.ended;
  clearInterval(rotation);
  rotateGameLog(GAME_LOG);
  return { ...end, how: "exited", endedAtMs: Date.now(), reason: undefined, faultKind: undefined };
}

async function start(spec: GameLaunch): Promise<SupervisedGame> {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined) environment[name] = value;
  }
  await checkProgram(spec, spec.env["PATH"] ?? environment["PATH"] ?? "");
  const gated = await spawnAtGate(spec, environment, directory);
  const startedAtMs = Date.now();
  await directory.recordGame({ ...claim, game: { ...gated.identity, startedAtMs } });
  return new SupervisedGame(gated);
}

/** A full disk delays the record of the end and does not lose it; until then the session counts as running. */
async function recordExit(exit: ExitRecord): Promise<void> {
  for (;;) {
    try {
      await directory.recordExit(exit);
      break;
    } catch (error) {
      console.error(wordsOf(error));
      await sleep(EXIT_RETRY_MS);
    }
  }
  // The sockets end with the process; their names need not stay.
  await Promise.allSettled([CONTROL_SOCKET, STDIN_PIPE].map(async (name) => await unlink(name)));
}
