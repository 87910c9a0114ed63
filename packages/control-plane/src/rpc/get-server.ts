// GetServer: one host's record.
import type { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import { notFound } from "@manman/core/refusal.ts";
import { refusalFor, requiredId } from "./request-checks.ts";
import type { Rpc } from "./rpc.ts";
import type { RpcNeeds } from "./rpc-needs.ts";
import { serverMessage } from "./server-message.ts";

type Needs = Pick<RpcNeeds, "records" | "clock" | "heartbeatMs">;

export function getServer({
  records,
  clock,
  heartbeatMs,
}: Needs): Rpc<typeof ManManAPI.method.getServer> {
  return async ({ serverId }) => {
    const refusal = refusalFor(requiredId("server_id", serverId));
    if (refusal !== null) return { refusal };
    const server = await records.servers.get(serverId);
    return server === null
      ? { refusal: notFound("server", serverId) }
      : { response: { server: serverMessage(server, clock.nowMs(), heartbeatMs) } };
  };
}
