// What the end of a game means for its session.
import { errorMessageCharsMax, type SessionReport } from "@manman/contract/bus/reports.ts";
import type { FoundGame, GameEnd } from "./games/game-runner.ts";

/** How a session ended, as its report says it. */
export type Ending = Pick<SessionReport, "status" | "exitCode" | "errorMessage">;

/** `endAsked`: somebody asked for the end, so the exit code is not judged. */
export function endingOf(end: GameEnd, endAsked: boolean): Ending {
  const { how, exitCode, signal } = end;
  if (endAsked && how !== "not-started") return { status: "stopped", exitCode };
  if (how !== "exited") {
    const unknown = how === "lost" ? "nobody saw how it ended" : "it could not be started";
    return { status: "crashed", exitCode, errorMessage: boundedMessage(end.reason ?? unknown) };
  }
  if (exitCode === 0) return { status: "completed", exitCode };
  const errorMessage = signal === undefined ? `exited with code ${exitCode}` : `ended by ${signal}`;
  return { status: "crashed", exitCode, errorMessage };
}

/** What is to be told of a game as it stands now; undefined while its start is under way, of which its command tells the outcome. */
export function reportOf(
  game: FoundGame,
  serverId: bigint,
  endAsked: boolean,
): SessionReport | undefined {
  if (game.state === "starting") return undefined;
  const { sessionId, sgcId } = game;
  const head = { kind: "status.session" as const, sessionId, sgcId, serverId };
  return game.state === "running"
    ? { ...head, status: "running" }
    : { ...head, ...endingOf(game, endAsked) };
}

export function boundedMessage(message: string): string {
  return message.slice(0, errorMessageCharsMax);
}
