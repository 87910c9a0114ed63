// The table of HostManagerAPI: what only host managers call.
import { HostManagerAPI } from "@manman/contract/generated/manman/v1/host_manager_api_pb.ts";
import type { Handlers } from "@manman/contract/grpc-service.ts";
import { claimAttempt } from "./claim-attempt.ts";
import { hostHeartbeat } from "./host-heartbeat.ts";
import type { RpcNeeds } from "./rpc-needs.ts";
import { serveUnary } from "./serve-unary.ts";

export function hostManagerApi(needs: RpcNeeds): Handlers<typeof HostManagerAPI> {
  const { claimAttempt: claim, heartbeat } = HostManagerAPI.method;
  return {
    claimAttempt: serveUnary(claim, claimAttempt(needs), needs),
    heartbeat: serveUnary(heartbeat, hostHeartbeat(needs), needs),
  };
}
