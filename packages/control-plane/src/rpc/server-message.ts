// Turns the record of a server into what callers see of it.
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ServerSchema } from "@manman/contract/generated/manman/v1/server_pb.ts";
import { isOnline, type Server } from "@manman/core/server.ts";
import { unixSeconds } from "./unix-seconds.ts";

export function serverMessage(
  server: Server,
  nowMs: number,
  heartbeatMs: number,
): MessageInitShape<typeof ServerSchema> {
  return {
    serverId: server.serverId,
    name: server.name,
    status: isOnline(server, nowMs, heartbeatMs) ? "online" : "offline",
    lastSeen: unixSeconds(server.lastSeenAtMs),
    environment: server.environment,
    isDefault: server.isDefault,
    hostProblem: server.hostProblem,
  };
}
