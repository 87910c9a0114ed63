// A host manager reduced to its first step: it takes each command of one host from the real queue and claims it at once.
import { parseCommand } from "@manman/contract/bus/commands.ts";
import { hostQueue } from "@manman/contract/bus/topology.ts";
import {
  ClaimOutcome,
  HostManagerAPI,
} from "@manman/contract/generated/manman/v1/host_manager_api_pb.ts";
import { grpcClient } from "@manman/contract/grpc-client.ts";
import { connect, type ConsumeMessage } from "amqplib";

/** When the host had a command, and when it had the answer to its claim; by `performance.now()`. */
type ClaimTimes = { readonly receivedMs: number; readonly claimedMs: number };

export type LightHost = {
  /** Resolves when the backup has been claimed; rejects when any claim has failed, or after 10 s. */
  readonly claimOf: (backupId: bigint) => Promise<ClaimTimes>;
  readonly close: () => Promise<void>;
};

const claimWaitMs = 10_000;

/** Consumes the host's queue, which must exist. */
export async function startLightHost(host: {
  readonly serverId: bigint;
  readonly brokerUrl: string;
  readonly controlPlaneAddress: string;
}): Promise<LightHost> {
  const client = grpcClient(HostManagerAPI, { address: host.controlPlaneAddress });
  const claims = new Map<bigint, PromiseWithResolvers<ClaimTimes>>();
  const expected = (backupId: bigint): PromiseWithResolvers<ClaimTimes> => {
    const claim = claims.get(backupId) ?? Promise.withResolvers<ClaimTimes>();
    claims.set(backupId, claim);
    return claim;
  };
  const failed = Promise.withResolvers<never>();
  // Whoever waits for a claim is told; until then nobody has to listen.
  failed.promise.catch(() => {});

  const take = async ({ fields, content }: ConsumeMessage): Promise<void> => {
    const receivedMs = performance.now();
    const parsed = parseCommand(fields.routingKey, content);
    if (!parsed.ok) throw new Error(parsed.reason);
    if (parsed.value.kind !== "backup") throw new Error(`a ${parsed.value.kind} command came`);
    const { backupId, attempt } = parsed.value;
    const { serverId } = host;
    const answer = await client.claimAttempt({ serverId, instanceId: "bench", backupId, attempt });
    if (answer.outcome !== ClaimOutcome.CLAIMED) throw new Error(`not claimed: ${answer.reason}`);
    expected(backupId).resolve({ receivedMs, claimedMs: performance.now() });
  };

  const connection = await connect(host.brokerUrl);
  const channel = await connection.createChannel();
  await channel.prefetch(16);
  await channel.consume(hostQueue(host.serverId).name, (message) => {
    if (message === null) return;
    channel.ack(message);
    take(message).catch(failed.reject);
  });
  return {
    claimOf: async (backupId) => {
      const late = Promise.withResolvers<never>();
      const timer = setTimeout(() => {
        late.reject(new Error(`backup ${backupId} was not claimed within ${claimWaitMs} ms`));
      }, claimWaitMs);
      try {
        return await Promise.race([expected(backupId).promise, failed.promise, late.promise]);
      } finally {
        clearTimeout(timer);
        claims.delete(backupId);
      }
    },
    close: async () => {
      client.close();
      await connection.close();
    },
  };
}
