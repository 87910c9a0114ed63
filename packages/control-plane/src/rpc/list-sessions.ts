// ListSessions: a page of runs, newest first.
import type { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import type { ListSessionsRequest } from "@manman/contract/generated/manman/v1/session_pb.ts";
import {
  liveStatuses,
  sessionStatuses,
  type SessionStatus,
} from "@manman/core/session/lifecycle.ts";
import type { SessionFilter } from "@manman/core/ports.ts";
import { listPage, pageFindings } from "./list-page.ts";
import { listOf, optionalId, optionalTime, refusalFor, type Finding } from "./request-checks.ts";
import type { Rpc } from "./rpc.ts";
import type { RpcNeeds } from "./rpc-needs.ts";
import { sessionMessage } from "./session-message.ts";
import { unixMs } from "./unix-seconds.ts";

export function listSessions({
  records,
}: Pick<RpcNeeds, "records">): Rpc<typeof ManManAPI.method.listSessions> {
  return async (request) => {
    const query = queryOf(request);
    const refusal = refusalFor(
      optionalId("server_game_config_id", request.serverGameConfigId),
      optionalId("server_id", request.serverId),
      listOf("status_filter", request.statusFilter, 20, statusFinding),
      optionalTime("started_after", request.startedAfter),
      optionalTime("started_before", request.startedBefore),
      pageFindings(query, request),
    );
    if (refusal !== null) return { refusal };
    const filter = filterOf(request);
    // No status is left where `live_only` contradicts the filter, and to the records an empty list means any.
    const isEmpty = filter.statuses.length === 0 && request.liveOnly;
    const { items, nextPageToken } = await listPage(
      query,
      request,
      async (page) => (isEmpty ? [] : await records.sessions.list(filter, page)),
      ({ sessionId }) => sessionId,
    );
    return { response: { sessions: items.map(sessionMessage), nextPageToken } };
  };
}

function queryOf(request: ListSessionsRequest) {
  return {
    method: "ListSessions",
    filters: [
      request.serverGameConfigId,
      request.serverId,
      request.startedAfter,
      request.startedBefore,
      request.liveOnly,
      ...[...new Set(request.statusFilter)].toSorted(),
    ],
  };
}

function filterOf(request: ListSessionsRequest): SessionFilter {
  // The check has seen that every text is a status.
  const asked = request.statusFilter as SessionStatus[];
  const live =
    asked.length === 0 ? liveStatuses : liveStatuses.filter((one) => asked.includes(one));
  return {
    sgcId: request.serverGameConfigId || null,
    serverId: request.serverId || null,
    statuses: request.liveOnly ? live : asked,
    startedAfterMs: unixMs(request.startedAfter),
    startedBeforeMs: unixMs(request.startedBefore),
  };
}

function statusFinding(field: string, text: string): Finding {
  return (sessionStatuses as readonly string[]).includes(text)
    ? null
    : { field, problem: `must be one of ${sessionStatuses.join(", ")}` };
}
