// RegisterServer: gives a host its id, and makes sure that its queue exists and gets what has waited for it.
import type { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import { heartbeatsMissedMax } from "@manman/core/server.ts";
import { prepareHostQueue } from "../host-queue.ts";
import { refusalFor, textOf } from "./request-checks.ts";
import type { Rpc } from "./rpc.ts";
import type { RpcNeeds } from "./rpc-needs.ts";
import {
  capabilitiesFinding,
  capabilitiesRecord,
  environmentFinding,
  serverNameFinding,
} from "./server-fields.ts";
import { serverMessage } from "./server-message.ts";

type Needs = Pick<RpcNeeds, "records" | "bus" | "wakeRelay" | "clock" | "log" | "heartbeatMs">;

export function registerServer(needs: Needs): Rpc<typeof ManManAPI.method.registerServer> {
  const { records, clock, heartbeatMs } = needs;
  return async ({ name, environment, capabilities, instanceId }) => {
    const refusal = refusalFor(
      serverNameFinding(name),
      environmentFinding(environment),
      capabilitiesFinding(capabilities),
      textOf("instance_id", instanceId, { charsMax: 64 }),
    );
    if (refusal !== null) return { refusal };
    const host = {
      name,
      environment,
      capabilities: capabilitiesRecord(capabilities),
      instanceId: instanceId === "" ? null : instanceId,
    };
    const server = await records.servers.register(host, heartbeatMs * heartbeatsMissedMax);
    if ("kind" in server) return { refusal: server };
    await prepareHostQueue(server.serverId, needs);
    return {
      response: {
        serverId: server.serverId,
        server: serverMessage(server, clock.nowMs(), heartbeatMs),
      },
    };
  };
}
