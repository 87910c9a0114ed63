// Whether a session may start, and what else must end for it.
import type { HostCommand } from "../host-command.ts";
import { failedPrecondition, notFound, type Refusal } from "../refusal.ts";
import type { GameConfig, ServerGameConfig } from "../server.ts";
import { isLive } from "./lifecycle.ts";
import type { Session } from "./session.ts";
import { askToStop, type SessionChange } from "./stop-session.ts";

export type StartRequest = { readonly sgcId: bigint; readonly force: boolean };

/** Read under the lock of the server game config, so that no second start comes between. */
export type StartSituation = {
  readonly game: ServerGameConfig;
  readonly config: GameConfig;
  readonly live: readonly Session[];
};

export type StartDecision =
  | { readonly kind: "refuse"; readonly refusal: Refusal }
  | {
      readonly kind: "start";
      /** Sessions that `force` ends first, with their stop commands. */
      readonly stops: readonly SessionChange[];
      readonly birth: Pick<Session, "sgcId" | "serverId">;
      readonly command: (sessionId: bigint) => HostCommand;
    };

export function decideStart(
  request: StartRequest,
  situation: StartSituation | null,
): StartDecision {
  if (situation === null) {
    return { kind: "refuse", refusal: notFound("server game config", request.sgcId) };
  }
  const { game, config } = situation;
  const live = situation.live.filter((session) => isLive(session.status));
  const first = live[0];
  if (first !== undefined && !request.force) {
    return {
      kind: "refuse",
      refusal: failedPrecondition(
        `session ${first.sessionId} of server game config ${game.sgcId} is ${first.status}; ` +
          "stop it first, or start with force",
      ),
    };
  }
  if (game.status !== "active") {
    return {
      kind: "refuse",
      refusal: failedPrecondition(`server game config ${game.sgcId} is ${game.status}`),
    };
  }
  return {
    kind: "start",
    stops: live.flatMap((session) => {
      const decision = askToStop(session);
      return decision.kind === "change" ? [decision] : [];
    }),
    birth: { sgcId: game.sgcId, serverId: game.serverId },
    command: (sessionId) => ({
      kind: "start",
      serverId: game.serverId,
      sgcId: game.sgcId,
      sessionId,
      recipe: {
        entrypoint: config.entrypoint,
        command: config.command,
        argsTemplate: config.argsTemplate,
        envTemplate: config.envTemplate,
        portBindings: game.portBindings,
      },
    }),
  };
}
