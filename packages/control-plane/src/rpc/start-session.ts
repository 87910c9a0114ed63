// StartSession: records a run of a game with its start command.
import type { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import { decideStart } from "@manman/core/session/start-session.ts";
import { optionalId, refusalFor, requiredId } from "./request-checks.ts";
import type { Rpc } from "./rpc.ts";
import type { RpcNeeds } from "./rpc-needs.ts";
import { sessionMessage } from "./session-message.ts";

type Needs = Pick<RpcNeeds, "records" | "wakeRelay" | "limits">;

export function startSession({
  records,
  wakeRelay,
  limits,
}: Needs): Rpc<typeof ManManAPI.method.startSession> {
  return async ({ serverGameConfigId: sgcId, force, restoreFromBackupId }) => {
    const refusal = refusalFor(
      requiredId("server_game_config_id", sgcId),
      optionalId("restore_from_backup_id", restoreFromBackupId),
    );
    if (refusal !== null) return { refusal };
    if (restoreFromBackupId !== 0n) {
      return {
        unimplemented:
          "this control plane makes backups but does not restore them as yet: leave restore_from_backup_id out, or extract the archive with tar",
      };
    }
    const session = await records.sessions.start(sgcId, (situation, nowMs) =>
      decideStart({ sgcId, force }, situation, { nowMs, limits }),
    );
    if ("kind" in session) return { refusal: session };
    wakeRelay();
    return { response: { session: sessionMessage(session) } };
  };
}
