// The gRPC server: both services, reflection and health on one port, and an orderly end.
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { ReflectionService } from "@grpc/reflection";
import { file_google_rpc_error_details } from "@manman/contract/generated/google/rpc/error_details_pb.ts";
import { file_health_v1_health } from "@manman/contract/generated/health/v1/health_pb.ts";
import {
  file_manman_v1_host_manager_api,
  HostManagerAPI,
} from "@manman/contract/generated/manman/v1/host_manager_api_pb.ts";
import {
  file_manman_v1_manman_api,
  ManManAPI,
} from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import { reflectedFiles } from "@manman/contract/grpc-reflection.ts";
import { grpcServiceDefinition, type Handlers } from "@manman/contract/grpc-service.ts";
import type { Clock } from "@manman/core/ports.ts";
import { HealthImplementation } from "grpc-health-check";
import { bearerToken } from "./bearer-token.ts";
import { hostAndPort, listenProblem } from "./listen-address.ts";
import { openStreams } from "./open-streams.ts";
import { within } from "./within.ts";

/** With the error details, so that clients can show what a status carries. */
const reflected = [
  file_manman_v1_manman_api,
  file_manman_v1_host_manager_api,
  file_health_v1_health,
  file_google_rpc_error_details,
];

/** What the health service is asked for whether backups can be made; everything else goes on without the bucket. */
const backupsService = "manman.v1.backups";

export type Serving = {
  /** `host:port` as bound. */
  readonly address: string;
  /** `canBackUp`: whether backups can be made as well; told under a service name of its own. */
  readonly setServing: (isServing: boolean, canBackUp: boolean) => void;
  /** Takes no more calls, and lets those in hand finish for at most so long. */
  readonly stop: (graceMs: number) => Promise<void>;
};

/** Throws where the address is not free, or must not be listened on without a token. */
export async function serve(served: {
  readonly listenHost: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly token: string | null;
  readonly manManApi: Handlers<typeof ManManAPI>;
  readonly hostManagerApi: Handlers<typeof HostManagerAPI>;
  readonly clock: Clock;
}): Promise<Serving> {
  const { listenHost, port, token, clock } = served;
  const problem = listenProblem(listenHost, token);
  if (problem !== null) throw new Error(problem);
  const streams = openStreams();
  const guards = token === null ? [] : [bearerToken(token)];
  const server = new Server({ interceptors: [...guards, streams.interceptor] });
  server.addService(grpcServiceDefinition(ManManAPI), served.manManApi);
  server.addService(grpcServiceDefinition(HostManagerAPI), served.hostManagerApi);
  const health = new HealthImplementation();
  const setServing = (isServing: boolean, canBackUp: boolean): void => {
    for (const service of ["", ManManAPI.typeName, HostManagerAPI.typeName]) {
      health.setStatus(service, isServing ? "SERVING" : "NOT_SERVING");
    }
    health.setStatus(backupsService, isServing && canBackUp ? "SERVING" : "NOT_SERVING");
  };
  setServing(false, false);
  health.addToServer(server);
  // The health package's own descriptors, made by proto-loader, hold a map that reflection clients refuse.
  new ReflectionService(reflectedFiles(reflected)).addToServer(server);
  const boundPort = await bind(server, hostAndPort(listenHost, port));
  return {
    address: hostAndPort(listenHost, boundPort),
    setServing,
    stop: async (graceMs) => {
      setServing(false, false);
      const drained = new Promise<true>((resolve) => {
        server.tryShutdown(() => resolve(true));
      });
      streams.end();
      if ((await within(clock, graceMs, drained)) === undefined) server.forceShutdown();
    },
  };
}

async function bind(server: Server, address: string): Promise<number> {
  return await new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) => {
      if (error) reject(error);
      else resolve(port);
    });
  });
}
