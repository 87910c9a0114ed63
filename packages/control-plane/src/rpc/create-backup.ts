// CreateBackup: records a backup with its command, and answers with the pending record.
import type { BackupRequest } from "@manman/core/backup/create-backup.ts";
import type { CreateBackupRequest } from "@manman/contract/generated/manman/v1/backup_pb.ts";
import type { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import { createBackups, type CreationOutcome } from "../backup-creation.ts";
import { gathering } from "../gathering.ts";
import { backupMessage } from "./backup-message.ts";
import { optionalId, refusalFor, textOf, type Finding } from "./request-checks.ts";
import type { Rpc } from "./rpc.ts";
import type { RpcNeeds } from "./rpc-needs.ts";

const gatheringLimits = { batchMax: 64, batchesMax: 2, waitingMax: 4_096 };

type Needs = Pick<
  RpcNeeds,
  "records" | "store" | "wakeRelay" | "limits" | "requireOurs" | "afterTurn"
>;

export function createBackup(needs: Needs): Rpc<typeof ManManAPI.method.createBackup> {
  const creation = {
    backups: needs.records.backups,
    onCommitted: needs.wakeRelay,
    redispatchMs: needs.limits.redispatchMs,
  };
  const submit = gathering<BackupRequest, CreationOutcome>(
    "CreateBackup",
    gatheringLimits,
    async (requests) => await createBackups(requests, creation),
    needs.afterTurn,
  );
  const urlOf = (objectKey: string): string => needs.store.urlOf(objectKey);
  return async (request) => {
    const refusal = refusalFor(
      optionalId("session_id", request.sessionId),
      optionalId("server_game_config_id", request.serverGameConfigId),
      oneTarget(request),
      textOf("description", request.description, { charsMax: 1_000 }),
      textOf("request_id", request.requestId, { charsMax: 64 }),
    );
    if (refusal !== null) return { refusal };
    needs.requireOurs();
    const outcome = await submit(backupRequest(request));
    return "refusal" in outcome
      ? outcome
      : { response: { backup: backupMessage(outcome.backup, { urlOf, waitingReason: "" }) } };
  };
}

function oneTarget({ sessionId, serverGameConfigId }: CreateBackupRequest): Finding {
  if (sessionId === 0n && serverGameConfigId === 0n) {
    return { field: "session_id", problem: "must be given, or else server_game_config_id" };
  }
  return sessionId !== 0n && serverGameConfigId !== 0n
    ? { field: "server_game_config_id", problem: "must be left out where session_id is given" }
    : null;
}

function backupRequest(request: CreateBackupRequest): BackupRequest {
  return {
    target:
      request.sessionId === 0n
        ? { by: "sgc", sgcId: request.serverGameConfigId }
        : { by: "session", sessionId: request.sessionId },
    description: request.description,
    requestId: request.requestId === "" ? null : request.requestId,
  };
}
