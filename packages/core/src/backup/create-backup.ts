// Whether a backup may be made now, and what its record says at birth.
import type { Server } from "../server.ts";
import type { Session } from "../session/session.ts";
import { isLive } from "../session/lifecycle.ts";
import {
  alreadyExists,
  failedPrecondition,
  invalidArgument,
  notFound,
  type Refusal,
} from "../refusal.ts";
import type { Backup } from "./backup.ts";

/** What a caller asks for: by session, or by server game config for a game that is not running. */
export type BackupRequest = {
  readonly target:
    | { readonly by: "session"; readonly sessionId: bigint }
    | { readonly by: "sgc"; readonly sgcId: bigint };
  readonly description: string;
  readonly requestId: string | null;
};

/** Everything known that bears on one request; null where there is no such record. */
export type BackupSituation = {
  readonly session: Pick<Session, "sessionId" | "sgcId" | "status"> | null;
  readonly game: { readonly sgcId: bigint; readonly serverId: Server["serverId"] } | null;
  /** The operation that holds the game's lock. */
  readonly operation: OperationInProgress | null;
  /** The backup that the same `request_id` made earlier. */
  readonly earlier: Backup | null;
};

export type OperationInProgress = { readonly kind: "backup"; readonly backupId: bigint };

/** What is to be written: a pending backup of attempt 1 with its operation lock and its command. */
export type BackupBirth = {
  readonly sgcId: bigint;
  readonly serverId: bigint;
  readonly sessionId: bigint | null;
  readonly description: string;
  readonly requestId: string | null;
};

export type CreationDecision =
  | { readonly kind: "refuse"; readonly refusal: Refusal }
  /** The same request came before: its answer is given again. */
  | { readonly kind: "repeat"; readonly backup: Backup }
  | { readonly kind: "create"; readonly birth: BackupBirth };

export function decideCreation(
  request: BackupRequest,
  situation: BackupSituation,
): CreationDecision {
  const { session, game, operation, earlier } = situation;
  if (earlier !== null) {
    return isSameRequest(request, earlier)
      ? { kind: "repeat", backup: earlier }
      : refuse(
          invalidArgument(
            "request_id",
            `was used for backup ${earlier.backupId} of another target; use a new one`,
          ),
        );
  }
  if (request.target.by === "session") {
    if (session === null) return refuse(notFound("session", request.target.sessionId));
    if (!isLive(session.status)) {
      return refuse(
        failedPrecondition(
          `session ${session.sessionId} is ${session.status}; ` +
            `back its data up with server_game_config_id ${session.sgcId} instead`,
        ),
      );
    }
  }
  if (game === null) {
    const sgcId = request.target.by === "sgc" ? request.target.sgcId : (session?.sgcId ?? 0n);
    return refuse(notFound("server game config", sgcId));
  }
  if (operation !== null) return refuse(operationUnderWay(game.sgcId, operation));
  return {
    kind: "create",
    birth: {
      sgcId: game.sgcId,
      serverId: game.serverId,
      sessionId: session?.sessionId ?? null,
      description: request.description,
      requestId: request.requestId,
    },
  };
}

/** The refusal for a second operation on one server game config, naming the first. */
export function operationUnderWay(sgcId: bigint, operation: OperationInProgress): Refusal {
  return alreadyExists(
    `${operation.kind} ${operation.backupId} of server game config ${sgcId} is under way; wait for it to end`,
  );
}

function isSameRequest(request: BackupRequest, earlier: Backup): boolean {
  return request.target.by === "session"
    ? earlier.sessionId === request.target.sessionId
    : earlier.sgcId === request.target.sgcId && earlier.sessionId === null;
}

function refuse(refusal: Refusal): CreationDecision {
  return { kind: "refuse", refusal };
}
