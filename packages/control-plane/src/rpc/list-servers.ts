// ListServers: a page of hosts, newest first.
import type { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import { listPage, pageFindings } from "./list-page.ts";
import { refusalFor } from "./request-checks.ts";
import type { Rpc } from "./rpc.ts";
import type { RpcNeeds } from "./rpc-needs.ts";
import { serverMessage } from "./server-message.ts";

type Needs = Pick<RpcNeeds, "records" | "clock" | "heartbeatMs">;

const query = { method: "ListServers", filters: [] };

export function listServers({
  records,
  clock,
  heartbeatMs,
}: Needs): Rpc<typeof ManManAPI.method.listServers> {
  return async (request) => {
    const refusal = refusalFor(pageFindings(query, request));
    if (refusal !== null) return { refusal };
    const { items, nextPageToken } = await listPage(
      query,
      request,
      async (page) => await records.servers.list(page),
      ({ serverId }) => serverId,
    );
    const servers = items.map((server) => serverMessage(server, clock.nowMs(), heartbeatMs));
    return { response: { servers, nextPageToken } };
  };
}
