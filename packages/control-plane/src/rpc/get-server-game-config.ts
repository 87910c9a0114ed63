// GetServerGameConfig: one deployment.
import type { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import { notFound } from "@manman/core/refusal.ts";
import { serverGameConfigMessage } from "./game-message.ts";
import { refusalFor, requiredId } from "./request-checks.ts";
import type { Rpc } from "./rpc.ts";
import type { RpcNeeds } from "./rpc-needs.ts";

export function getServerGameConfig({
  records,
}: Pick<RpcNeeds, "records">): Rpc<typeof ManManAPI.method.getServerGameConfig> {
  return async ({ serverGameConfigId }) => {
    const refusal = refusalFor(requiredId("server_game_config_id", serverGameConfigId));
    if (refusal !== null) return { refusal };
    const game = await records.games.getGame(serverGameConfigId);
    return game === null
      ? { refusal: notFound("server game config", serverGameConfigId) }
      : { response: { config: serverGameConfigMessage(game) } };
  };
}
