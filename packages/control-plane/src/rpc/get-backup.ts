// GetBackup: one record, a tombstone too.
import type { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import { notFound } from "@manman/core/refusal.ts";
import { backupMessage } from "./backup-message.ts";
import { refusalFor, requiredId } from "./request-checks.ts";
import type { Rpc } from "./rpc.ts";
import type { RpcNeeds } from "./rpc-needs.ts";
import { waitingReasons } from "./waiting-reason.ts";

type Needs = Pick<RpcNeeds, "records" | "store" | "clock" | "heartbeatMs">;

export function getBackup({
  records,
  store,
  clock,
  heartbeatMs,
}: Needs): Rpc<typeof ManManAPI.method.getBackup> {
  const urlOf = (objectKey: string): string => store.urlOf(objectKey);
  return async ({ backupId }) => {
    const refusal = refusalFor(requiredId("backup_id", backupId));
    if (refusal !== null) return { refusal };
    const backup = await records.backups.get(backupId);
    if (backup === null) return { refusal: notFound("backup", backupId) };
    const waitingReason = await waitingReasons([backup], {
      servers: records.servers,
      nowMs: clock.nowMs,
      heartbeatMs,
    });
    return {
      response: { backup: backupMessage(backup, { urlOf, waitingReason: waitingReason(backup) }) },
    };
  };
}
