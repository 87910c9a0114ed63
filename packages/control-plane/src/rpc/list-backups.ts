// ListBackups: a page of records, newest first.
import type { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import { backupListMessage } from "./backup-message.ts";
import { listPage, pageFindings } from "./list-page.ts";
import { optionalId, refusalFor } from "./request-checks.ts";
import type { Rpc } from "./rpc.ts";
import type { RpcNeeds } from "./rpc-needs.ts";
import { waitingReasons } from "./waiting-reason.ts";

type Needs = Pick<RpcNeeds, "records" | "store" | "clock" | "heartbeatMs">;

export function listBackups({
  records,
  store,
  clock,
  heartbeatMs,
}: Needs): Rpc<typeof ManManAPI.method.listBackups> {
  const urlOf = (objectKey: string): string => store.urlOf(objectKey);
  return async (request) => {
    const { serverGameConfigId, sessionId, includeDeleted } = request;
    const query = {
      method: "ListBackups",
      filters: [serverGameConfigId, sessionId, includeDeleted],
    };
    const refusal = refusalFor(
      optionalId("server_game_config_id", serverGameConfigId),
      optionalId("session_id", sessionId),
      pageFindings(query, request),
    );
    if (refusal !== null) return { refusal };
    const filter = {
      sgcId: serverGameConfigId || null,
      sessionId: sessionId || null,
      includeDeleted,
    };
    const { items, nextPageToken } = await listPage(
      query,
      request,
      async (page) => await records.backups.list(filter, page),
      ({ backupId }) => backupId,
    );
    const waitingReason = await waitingReasons(items, {
      servers: records.servers,
      nowMs: clock.nowMs,
      heartbeatMs,
    });
    const backups = items.map((backup) =>
      backupListMessage(backup, { urlOf, waitingReason: waitingReason(backup) }),
    );
    return { response: { backups, nextPageToken } };
  };
}
