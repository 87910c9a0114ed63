// DeleteBackup: the record says `deleting` when the call has answered, and the object is mostly gone by then too.
import type { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import { requestDeletion } from "@manman/core/backup/delete-backup.ts";
import { notFound } from "@manman/core/refusal.ts";
import { within } from "../within.ts";
import { refusalFor, requiredId } from "./request-checks.ts";
import type { Rpc } from "./rpc.ts";
import type { RpcNeeds } from "./rpc-needs.ts";

/** How long the call waits for the store; after that the answer is yes all the same, since the reconciler sees to it. */
const removalWaitMs = 2_000;

type Needs = Pick<RpcNeeds, "records" | "removal" | "clock" | "random" | "limits">;

export function deleteBackup({
  records,
  removal,
  clock,
  random,
  limits,
}: Needs): Rpc<typeof ManManAPI.method.deleteBackup> {
  return async ({ backupId }) => {
    const refusal = refusalFor(requiredId("backup_id", backupId));
    if (refusal !== null) return { refusal };
    const outcome = await records.backups.change(backupId, (backup, nowMs) =>
      requestDeletion(backup, { nowMs, chance: random(), limits }),
    );
    if (outcome === null) return { refusal: notFound("backup", backupId) };
    if (outcome.decision.kind === "refuse") return { refusal: outcome.decision.refusal };
    if (outcome.record.status === "deleting") {
      await within(clock, removalWaitMs, removal.removeNow(outcome.record));
    }
    return { response: {} };
  };
}
