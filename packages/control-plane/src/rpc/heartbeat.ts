// Heartbeat: says that a host is alive.
import type { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import { notFound } from "@manman/core/refusal.ts";
import { capabilitiesFinding, capabilitiesRecord } from "./server-fields.ts";
import { refusalFor, requiredId } from "./request-checks.ts";
import type { Rpc } from "./rpc.ts";
import type { RpcNeeds } from "./rpc-needs.ts";

type Needs = Pick<RpcNeeds, "records" | "heartbeatMs">;

export function heartbeat({ records, heartbeatMs }: Needs): Rpc<typeof ManManAPI.method.heartbeat> {
  return async ({ serverId, capabilities }) => {
    const refusal = refusalFor(
      requiredId("server_id", serverId),
      capabilitiesFinding(capabilities),
    );
    if (refusal !== null) return { refusal };
    const server = await records.servers.seen(serverId, capabilitiesRecord(capabilities));
    if (server === null) return { refusal: notFound("server", serverId) };
    return {
      response: {
        acknowledged: true,
        nextHeartbeatSeconds: BigInt(Math.ceil(heartbeatMs / 1_000)),
      },
    };
  };
}
