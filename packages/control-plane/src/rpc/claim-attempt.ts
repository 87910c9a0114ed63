// ClaimAttempt: gives an attempt to a host manager, with the upload that takes its parts. The upload is opened before the record
// says so; one that then turns out to be nobody's is put on record as a leftover, and any other is swept when the backup ends.
import {
  ClaimOutcome,
  type HostManagerAPI,
} from "@manman/contract/generated/manman/v1/host_manager_api_pb.ts";
import { grantClaim, judgeClaim, type Claim } from "@manman/core/backup/claim-attempt.ts";
import type { Backup, BackupDecision } from "@manman/core/backup/backup.ts";
import type { BackupUnder } from "@manman/core/ports.ts";
import { notFound } from "@manman/core/refusal.ts";
import { refuseInstance, type InstanceCircumstances } from "@manman/core/server-instance.ts";
import { heartbeatsMissedMax } from "@manman/core/server.ts";
import { numberOf, refusalFor, requiredId, textOf } from "./request-checks.ts";
import type { Rpc } from "./rpc.ts";
import type { RpcNeeds } from "./rpc-needs.ts";

type Needs = Pick<
  RpcNeeds,
  "records" | "store" | "random" | "limits" | "log" | "clock" | "heartbeatMs"
>;

type ClaimAnswer = Awaited<ReturnType<Rpc<typeof HostManagerAPI.method.claimAttempt>>>;

export function claimAttempt(needs: Needs): Rpc<typeof HostManagerAPI.method.claimAttempt> {
  return async ({ serverId, instanceId, backupId, attempt }) => {
    const refusal = refusalFor(
      requiredId("server_id", serverId),
      textOf("instance_id", instanceId, { charsMin: 1, charsMax: 64 }),
      requiredId("backup_id", backupId),
      numberOf("attempt", attempt, 1, 1_000_000),
    );
    if (refusal !== null) return { refusal };
    const [server, backup] = await Promise.all([
      needs.records.servers.get(serverId),
      needs.records.backups.get(backupId),
    ]);
    // Here it spares the store an upload; whether the attempt is given away is decided with the server's row held.
    const disowned = server === null ? null : refuseInstance(server, instanceId, timeOf(needs));
    if (disowned !== null) return { refusal: disowned };
    if (backup === null) return { refusal: notFound("backup", backupId) };
    const claim = { serverId, instanceId, attempt };
    const verdict = judgeClaim(backup, claim);
    return verdict.kind === "open"
      ? await openAndGrant(backup, claim, needs)
      : await answerTo(verdict, backup, claim, needs);
  };
}

/** Only the words of the refusal go by the time, so it need not be the database's. */
function timeOf({ clock, heartbeatMs }: Needs): InstanceCircumstances {
  return { nowMs: clock.nowMs(), hostOnlineMs: heartbeatMs * heartbeatsMissedMax };
}

async function openAndGrant(backup: Backup, claim: Claim, needs: Needs): Promise<ClaimAnswer> {
  const { records, store, random, limits, log } = needs;
  const uploadId = await store.openUpload(backup.objectKey);
  const { serverId, instanceId } = claim;
  const { hostOnlineMs } = timeOf(needs);
  const grant = ({ backup: present, server }: BackupUnder, nowMs: number): BackupDecision => {
    const refusal = server && refuseInstance(server, instanceId, { nowMs, hostOnlineMs });
    if (refusal !== null) return { kind: "refuse", refusal };
    return grantClaim(present, claim, uploadId, { nowMs, chance: random(), limits });
  };
  const outcome = await records.backups.changeUnder(serverId, backup.backupId, grant);
  if (outcome === null) return { refusal: notFound("backup", backup.backupId) };
  if (outcome.decision.kind === "change") {
    const { backupId: backup_id, serverId: server_id } = backup;
    log.info({ backup_id, attempt: claim.attempt, server_id }, "attempt claimed");
    return claimed(outcome.record, uploadId, needs);
  }
  await records.backups.addLeftover(backup.backupId, { objectKey: backup.objectKey, uploadId });
  if (outcome.decision.kind === "refuse") return { refusal: outcome.decision.refusal };
  return await answerTo(judgeClaim(outcome.record, claim), outcome.record, claim, needs);
}

async function answerTo(
  verdict: ReturnType<typeof judgeClaim>,
  backup: Backup,
  claim: Claim,
  needs: Needs,
): Promise<ClaimAnswer> {
  switch (verdict.kind) {
    case "refuse":
      return { refusal: verdict.refusal };
    case "stale":
      return stale(verdict.reason);
    case "held": {
      const held = [{ backupId: backup.backupId, attempt: claim.attempt, progress: null }];
      const [stopped] = await needs.records.backups.renew(
        claim.serverId,
        claim.instanceId,
        held,
        needs.limits.leaseMs,
      );
      return stopped === undefined
        ? claimed(backup, verdict.uploadId, needs)
        : stale(stopped.reason);
    }
    case "open":
      throw new Error(`backup ${backup.backupId} cannot be claimed and is open`);
  }
}

function claimed(backup: Backup, uploadId: string, { limits }: Needs): ClaimAnswer {
  return {
    response: {
      outcome: ClaimOutcome.CLAIMED,
      objectKey: backup.objectKey,
      uploadId,
      leaseSeconds: Math.floor(limits.leaseMs / 1_000),
    },
  };
}

function stale(reason: string): ClaimAnswer {
  return { response: { outcome: ClaimOutcome.STALE, reason } };
}
