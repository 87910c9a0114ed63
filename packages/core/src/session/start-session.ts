// Whether a session may start, and what else must end for it.
import type { HostCommand } from "../host-command.ts";
import { failedPrecondition, notFound, type Refusal } from "../refusal.ts";
import type { GameConfig, ServerGameConfig } from "../server.ts";
import { isLive } from "./lifecycle.ts";
import type { Session } from "./session.ts";
import type { SessionCircumstances } from "./session-transition.ts";
import { askToStop, type SessionChange } from "./stop-session.ts";

export type StartRequest = { readonly sgcId: bigint; readonly force: boolean };

/** Read under the lock of the server game config, so that no second start comes between. */
export type StartSituation = {
  readonly game: ServerGameConfig;
  readonly config: GameConfig;
  readonly live: readonly Session[];
};

/** What of a session is known before it is written; it is `pending`. */
export type SessionBirth = {
  readonly sgcId: bigint;
  readonly serverId: bigint;
  readonly dueAtMs: number;
};

export type StartDecision =
  | { readonly kind: "refuse"; readonly refusal: Refusal }
  | {
      readonly kind: "start";
      /** Sessions that `force` ends first, with their stop commands. */
      readonly stops: readonly SessionChange[];
      readonly birth: SessionBirth;
      readonly command: (sessionId: bigint) => HostCommand;
    };

export function decideStart(
  request: StartRequest,
  situation: StartSituation | null,
  circumstances: SessionCircumstances,
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
      const decision = askToStop(session, circumstances);
      return decision.kind === "change" ? [decision] : [];
    }),
    birth: {
      sgcId: game.sgcId,
      serverId: game.serverId,
      dueAtMs: circumstances.nowMs + circumstances.limits.redispatchMs,
    },
    command: (sessionId) => startCommand(sessionId, game, config),
  };
}

/** The command that makes a host begin a session. */
export function startCommand(
  sessionId: bigint,
  game: ServerGameConfig,
  config: GameConfig,
): HostCommand {
  return {
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
  };
}
