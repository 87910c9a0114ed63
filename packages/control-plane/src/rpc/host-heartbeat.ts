// HostManagerAPI.Heartbeat: renews the leases of what a host works on, and says what no longer counts.
import type {
  HostManagerAPI,
  RunningAttempt,
} from "@manman/contract/generated/manman/v1/host_manager_api_pb.ts";
import type { HeldAttempt } from "@manman/core/ports.ts";
import { notFound } from "@manman/core/refusal.ts";
import { heartbeatsMissedMax, hostProblemCharsMax } from "@manman/core/server.ts";
import {
  listOf,
  numberOf,
  refusalFor,
  requiredId,
  textOf,
  type Finding,
} from "./request-checks.ts";
import type { Rpc } from "./rpc.ts";
import type { RpcNeeds } from "./rpc-needs.ts";

/** A host works on far fewer attempts at a time. */
const attemptsMax = 1_000;

type Needs = Pick<RpcNeeds, "records" | "limits" | "heartbeatMs">;

export function hostHeartbeat({
  records,
  limits,
  heartbeatMs,
}: Needs): Rpc<typeof HostManagerAPI.method.heartbeat> {
  return async ({ serverId, instanceId, attempts, hostProblem }) => {
    const refusal = refusalFor(
      requiredId("server_id", serverId),
      textOf("instance_id", instanceId, { charsMin: 1, charsMax: 64 }),
      listOf("attempts", attempts, attemptsMax, attemptFinding),
      textOf("host_problem", hostProblem, { charsMax: hostProblemCharsMax }),
    );
    if (refusal !== null) return { refusal };
    const hostOnlineMs = heartbeatMs * heartbeatsMissedMax;
    const server = await records.servers.seenBy(serverId, instanceId, hostOnlineMs, hostProblem);
    if (server === null) return { refusal: notFound("server", serverId) };
    if ("kind" in server) return { refusal: server };
    const stopped =
      attempts.length === 0
        ? []
        : await records.backups.renew(
            serverId,
            instanceId,
            attempts.map(heldAttempt),
            limits.leaseMs,
          );
    return {
      response: {
        stopped: stopped.map((one) => ({ ...one })),
        leaseSeconds: Math.floor(limits.leaseMs / 1_000),
        nextHeartbeatSeconds: Math.ceil(heartbeatMs / 1_000),
      },
    };
  };
}

function attemptFinding(field: string, { backupId, attempt, progress }: RunningAttempt): Finding {
  const figures = Object.entries({
    raw_bytes_done: progress?.rawBytesDone ?? 0n,
    raw_bytes_total: progress?.rawBytesTotal ?? 0n,
    files_done: progress?.filesDone ?? 0n,
    sent_bytes: progress?.sentBytes ?? 0n,
  });
  return [
    requiredId(`${field}.backup_id`, backupId),
    numberOf(`${field}.attempt`, attempt, 1, 1_000_000),
    ...figures.map(([name, figure]) =>
      numberOf(`${field}.progress.${name}`, Number(figure), 0, Number.MAX_SAFE_INTEGER),
    ),
  ].flatMap((finding) => finding ?? []);
}

function heldAttempt({ backupId, attempt, progress }: RunningAttempt): HeldAttempt {
  return {
    backupId,
    attempt,
    progress:
      progress === undefined
        ? null
        : {
            rawBytesDone: Number(progress.rawBytesDone),
            rawBytesTotal: Number(progress.rawBytesTotal),
            filesDone: Number(progress.filesDone),
            sentBytes: Number(progress.sentBytes),
          },
  };
}
