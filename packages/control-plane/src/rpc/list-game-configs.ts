// ListGameConfigs: a page of game configs, newest first.
import type { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import { gameConfigMessage } from "./game-message.ts";
import { listPage, pageFindings } from "./list-page.ts";
import { refusalFor } from "./request-checks.ts";
import type { Rpc } from "./rpc.ts";
import type { RpcNeeds } from "./rpc-needs.ts";

export function listGameConfigs({
  records,
}: Pick<RpcNeeds, "records">): Rpc<typeof ManManAPI.method.listGameConfigs> {
  return async (request) => {
    const query = { method: "ListGameConfigs", filters: [request.gameId] };
    const refusal = refusalFor(pageFindings(query, request));
    if (refusal !== null) return { refusal };
    const { items, nextPageToken } = await listPage(
      query,
      request,
      async (page) => await records.games.listConfigs(request.gameId || null, page),
      ({ configId }) => configId,
    );
    return { response: { configs: items.map(gameConfigMessage), nextPageToken } };
  };
}
