// CreateServer: the record of a host that has not registered as yet.
import type { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import { refusalFor } from "./request-checks.ts";
import type { Rpc } from "./rpc.ts";
import type { RpcNeeds } from "./rpc-needs.ts";
import { serverNameFinding } from "./server-fields.ts";
import { serverMessage } from "./server-message.ts";

type Needs = Pick<RpcNeeds, "records" | "clock" | "heartbeatMs">;

export function createServer({
  records,
  clock,
  heartbeatMs,
}: Needs): Rpc<typeof ManManAPI.method.createServer> {
  return async ({ name }) => {
    const refusal = refusalFor(serverNameFinding(name));
    if (refusal !== null) return { refusal };
    const server = await records.servers.create(name);
    return "kind" in server
      ? { refusal: server }
      : { response: { server: serverMessage(server, clock.nowMs(), heartbeatMs) } };
  };
}
