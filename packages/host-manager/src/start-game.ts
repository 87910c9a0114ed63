// Starts the game of one session on this host, or says why it cannot be started.
import { join } from "node:path";
import type { StartSessionCommand } from "@manman/contract/bus/commands.ts";
import { Fault } from "@manman/core/fault.ts";
import { renderLaunch } from "@manman/core/launch/launch-template.ts";
import { gameFolder } from "@manman/core/object-key.ts";
import type { GameRunner } from "./games/game-runner.ts";
import type { HostDisk } from "./host-disk.ts";

export type StartParts = {
  readonly runner: Pick<GameRunner, "find" | "start">;
  readonly serverId: bigint;
  readonly environment: string;
  readonly hostDataDir: string;
  readonly makeDirectory: HostDisk["makeDirectory"];
};

/**
 * Resolves once the game runs. Rejects with a Fault whose message is for the session's record; only of an `away` one may a repetition
 * lead further.
 */
export async function startGame(parts: StartParts, command: StartSessionCommand): Promise<void> {
  const { sessionId, sgcId } = command;
  if (command.restoreFrom !== undefined) {
    // Starting without it would run the game on data that nobody asked for.
    const backup = command.restoreFrom.backupId;
    throw new Fault("rejected", `this host manager cannot restore backup ${backup} before a start`);
  }
  await requireAlone(parts, sessionId, sgcId);
  const folder = gameFolder(parts.environment, sgcId);
  const dataDir = join(parts.hostDataDir, folder, "game");
  const launch = renderLaunch(
    { ...command, command: command.gameCommand },
    {
      sessionId,
      sgcId,
      serverId: parts.serverId,
      environment: parts.environment,
      dataDir,
      portBindings: command.portBindings,
    },
  );
  if (!launch.rendered) {
    const problems = launch.problems.map(({ field, problem }) => `${field}: ${problem}`);
    throw new Fault("rejected", `the game config cannot be launched: ${problems.join("; ")}`);
  }
  try {
    await parts.makeDirectory(dataDir);
  } catch (error) {
    throw new Fault("rejected", "make the game's directory", error);
  }
  const { argv, env } = launch;
  await parts.runner.start({ sessionId, sgcId, argv, env, workingDirectory: dataDir });
}

/** Two games on one directory would ruin it. */
async function requireAlone(
  { runner }: StartParts,
  sessionId: bigint,
  sgcId: bigint,
): Promise<void> {
  const other = (await runner.find()).find(
    (game) => game.sgcId === sgcId && game.sessionId !== sessionId && game.state !== "ended",
  );
  if (other !== undefined) {
    throw new Fault("rejected", `session ${other.sessionId} of the same game is ${other.state}`);
  }
}
