// ListServerGameConfigs: a page of deployments, newest first.
import type { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import { serverGameConfigMessage } from "./game-message.ts";
import { listPage, pageFindings } from "./list-page.ts";
import { optionalId, refusalFor } from "./request-checks.ts";
import type { Rpc } from "./rpc.ts";
import type { RpcNeeds } from "./rpc-needs.ts";

export function listServerGameConfigs({
  records,
}: Pick<RpcNeeds, "records">): Rpc<typeof ManManAPI.method.listServerGameConfigs> {
  return async (request) => {
    const query = { method: "ListServerGameConfigs", filters: [request.serverId] };
    const refusal = refusalFor(
      optionalId("server_id", request.serverId),
      pageFindings(query, request),
    );
    if (refusal !== null) return { refusal };
    const { items, nextPageToken } = await listPage(
      query,
      request,
      async (page) => await records.games.listGames(request.serverId || null, page),
      ({ sgcId }) => sgcId,
    );
    return { response: { configs: items.map(serverGameConfigMessage), nextPageToken } };
  };
}
