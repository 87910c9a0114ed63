// What the host manager asks of the control plane, with each failed call told apart: away (try again), or an answer that stays no.
import { cpus, freemem, totalmem } from "node:os";
import { status } from "@grpc/grpc-js";
import {
  ClaimOutcome,
  HostManagerAPI,
} from "@manman/contract/generated/manman/v1/host_manager_api_pb.ts";
import { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import { grpcClient, type GrpcClient } from "@manman/contract/grpc-client.ts";
import { GrpcError } from "@manman/contract/grpc-error.ts";
import { Fault, type FaultKind } from "@manman/core/fault.ts";
import type { RefusalReason } from "@manman/core/refusal.ts";
import type { PackProgress } from "./packer/pack-messages.ts";

/** Who claims and holds attempts. */
export type HostIdentity = { readonly serverId: bigint; readonly instanceId: string };

/** What a host makes itself known with. */
export type RegisteringHost = {
  readonly name: string;
  readonly environment: string;
  readonly instanceId: string;
};

export type AttemptId = { readonly backupId: bigint; readonly attempt: number };

export type ClaimAnswer =
  | { readonly kind: "claimed"; readonly objectKey: string; readonly uploadId: string }
  /** The attempt no longer counts. */
  | { readonly kind: "stale"; readonly reason: string };

/** The server belongs to another host manager, and nothing that this one says is heard until somebody has settled the matter. */
export class Disowned extends Fault {
  constructor(cause: Error) {
    super("rejected", "ask the control plane", cause);
  }
}

export type RunningAttempt = AttemptId & { readonly progress: PackProgress | undefined };

export type HeartbeatAnswer = {
  /** Those that no longer count. */
  readonly stopped: readonly (AttemptId & { readonly reason: string })[];
  readonly nextHeartbeatMs: number;
};

/**
 * Every call is bounded in time and throws Faults: `away` when it may be repeated, `missing` and `rejected` when the answer is no,
 * among these `Disowned`.
 */
export interface ControlPlaneApi {
  /** The id of the server of that name. */
  register(host: RegisteringHost): Promise<bigint>;
  /** May be repeated: the same instance is given the same upload again. */
  claim(host: HostIdentity, attempt: AttemptId): Promise<ClaimAnswer>;
  /** `hostProblem`: what keeps this host from taking new work on; empty where nothing does. */
  heartbeat(
    host: HostIdentity,
    attempts: readonly RunningAttempt[],
    hostProblem: string,
  ): Promise<HeartbeatAnswer>;
  close(): void;
}

/** The control plane at `host:port`; `token` is null where it asks for none. */
export function controlPlaneApi(address: string, token: string | null): ControlPlaneApi {
  const options = { address, ...(token === null ? {} : { token }) };
  return controlPlaneApiOver(grpcClient(ManManAPI, options), grpcClient(HostManagerAPI, options));
}

/** The control plane that these clients speak to. */
export function controlPlaneApiOver(
  manman: Pick<GrpcClient<typeof ManManAPI>, "registerServer" | "close">,
  hosts: GrpcClient<typeof HostManagerAPI>,
): ControlPlaneApi {
  return {
    register: async (host) => {
      const request = { ...host, capabilities: capabilities() };
      return (await answered(manman.registerServer(request))).serverId;
    },
    claim: async (host, attempt) => {
      const answer = await answered(hosts.claimAttempt({ ...host, ...attempt }));
      return answer.outcome === ClaimOutcome.CLAIMED
        ? { kind: "claimed", objectKey: answer.objectKey, uploadId: answer.uploadId }
        : { kind: "stale", reason: answer.reason };
    },
    heartbeat: async (host, running, hostProblem) => {
      const attempts = running.map(({ backupId, attempt, progress }) => ({
        backupId,
        attempt,
        ...(progress === undefined ? {} : { progress: progressMessage(progress) }),
      }));
      const answer = await answered(hosts.heartbeat({ ...host, attempts, hostProblem }));
      return {
        stopped: answer.stopped,
        nextHeartbeatMs: Math.max(1, answer.nextHeartbeatSeconds) * 1_000,
      };
    },
    close: () => {
      manman.close();
      hosts.close();
    },
  };
}

/** Codes whose calls fail again until somebody changes something about them; every other one may pass by itself. */
const refusals = new Map<status, FaultKind>([
  [status.NOT_FOUND, "missing"],
  [status.INVALID_ARGUMENT, "rejected"],
  [status.FAILED_PRECONDITION, "rejected"],
  [status.ALREADY_EXISTS, "rejected"],
  [status.OUT_OF_RANGE, "rejected"],
]);

const disownedReason: RefusalReason = "HOST_MANAGER_DISOWNED";

async function answered<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof GrpcError)) throw error;
    if (error.reason === disownedReason) throw new Disowned(error);
    throw new Fault(refusals.get(error.code) ?? "away", "ask the control plane", error);
  }
}

function progressMessage(progress: PackProgress) {
  return {
    rawBytesDone: BigInt(progress.rawBytesDone),
    rawBytesTotal: BigInt(progress.rawBytesTotal),
    filesDone: BigInt(progress.filesDone),
    sentBytes: BigInt(progress.sentBytes),
  };
}

function capabilities() {
  const mib = 1024 * 1024;
  return {
    totalMemoryMb: Math.floor(totalmem() / mib),
    availableMemoryMb: Math.floor(freemem() / mib),
    cpuCores: cpus().length,
  };
}
