// CancelBackup: the record says `cancelled` when the call has answered; the host stops at its next heartbeat, or never begins.
import type { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import { requestCancellation } from "@manman/core/backup/cancel-backup.ts";
import { notFound } from "@manman/core/refusal.ts";
import { backupMessage } from "./backup-message.ts";
import { refusalFor, requiredId } from "./request-checks.ts";
import type { Rpc } from "./rpc.ts";
import type { RpcNeeds } from "./rpc-needs.ts";

type Needs = Pick<RpcNeeds, "records" | "store" | "random" | "limits">;

export function cancelBackup({
  records,
  store,
  random,
  limits,
}: Needs): Rpc<typeof ManManAPI.method.cancelBackup> {
  const urlOf = (objectKey: string): string => store.urlOf(objectKey);
  return async ({ backupId }) => {
    const refusal = refusalFor(requiredId("backup_id", backupId));
    if (refusal !== null) return { refusal };
    const outcome = await records.backups.change(backupId, (backup, nowMs) =>
      requestCancellation(backup, { nowMs, chance: random(), limits }),
    );
    if (outcome === null) return { refusal: notFound("backup", backupId) };
    if (outcome.decision.kind === "refuse") return { refusal: outcome.decision.refusal };
    return { response: { backup: backupMessage(outcome.record, { urlOf, waitingReason: "" }) } };
  };
}
