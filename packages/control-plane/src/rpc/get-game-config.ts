// GetGameConfig: how one game is started.
import type { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import { notFound } from "@manman/core/refusal.ts";
import { gameConfigMessage } from "./game-message.ts";
import { refusalFor, requiredId } from "./request-checks.ts";
import type { Rpc } from "./rpc.ts";
import type { RpcNeeds } from "./rpc-needs.ts";

export function getGameConfig({
  records,
}: Pick<RpcNeeds, "records">): Rpc<typeof ManManAPI.method.getGameConfig> {
  return async ({ configId }) => {
    const refusal = refusalFor(requiredId("config_id", configId));
    if (refusal !== null) return { refusal };
    const config = await records.games.getConfig(configId);
    return config === null
      ? { refusal: notFound("game config", configId) }
      : { response: { config: gameConfigMessage(config) } };
  };
}
