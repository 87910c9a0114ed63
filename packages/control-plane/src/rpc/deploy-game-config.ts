// DeployGameConfig: puts a game on a server.
import type { PortBinding as PortBindingMessage } from "@manman/contract/generated/manman/v1/game_config_pb.ts";
import type { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import type { PortBinding } from "@manman/core/host-command.ts";
import { prepareHostQueue } from "../host-queue.ts";
import { serverGameConfigMessage } from "./game-message.ts";
import { listOf, numberOf, refusalFor, requiredId, type Finding } from "./request-checks.ts";
import type { Rpc } from "./rpc.ts";
import type { RpcNeeds } from "./rpc-needs.ts";

const portBindingsMax = 200;

type Needs = Pick<RpcNeeds, "records" | "bus" | "wakeRelay" | "clock" | "log">;

export function deployGameConfig(needs: Needs): Rpc<typeof ManManAPI.method.deployGameConfig> {
  return async ({ serverId, gameConfigId, portBindings }) => {
    const refusal = refusalFor(
      requiredId("server_id", serverId),
      requiredId("game_config_id", gameConfigId),
      listOf("port_bindings", portBindings, portBindingsMax, portBindingFinding),
      hostPortsOnce(portBindings),
    );
    if (refusal !== null) return { refusal };
    const game = await needs.records.games.deploy({
      serverId,
      configId: gameConfigId,
      portBindings: portBindings.map(portBinding),
    });
    if ("kind" in game) return { refusal: game };
    await prepareHostQueue(serverId, needs);
    return { response: { config: serverGameConfigMessage(game) } };
  };
}

/** The protocol is kept in lower case; nothing said means TCP. */
function portBinding({ containerPort, hostPort, protocol }: PortBindingMessage): PortBinding {
  return { containerPort, hostPort, protocol: protocol.toLowerCase() || "tcp" };
}

function portBindingFinding(field: string, binding: PortBindingMessage): Finding {
  const isKnown = ["tcp", "udp"].includes(portBinding(binding).protocol);
  return [
    numberOf(`${field}.container_port`, binding.containerPort, 1, 65_535),
    numberOf(`${field}.host_port`, binding.hostPort, 1, 65_535),
    isKnown ? null : { field: `${field}.protocol`, problem: "must be TCP or UDP" },
  ].flatMap((finding) => finding ?? []);
}

function hostPortsOnce(bindings: readonly PortBindingMessage[]): Finding {
  const seen = new Set<string>();
  return bindings.map(portBinding).flatMap(({ hostPort, protocol }, place) => {
    const name = `${hostPort}/${protocol}`;
    if (seen.has(name)) {
      return [{ field: `port_bindings[${place}].host_port`, problem: `${name} is bound twice` }];
    }
    seen.add(name);
    return [];
  });
}
