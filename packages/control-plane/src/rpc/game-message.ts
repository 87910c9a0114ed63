// Turns the records of game configs and deployments into what callers see of them.
import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  GameConfigSchema,
  ServerGameConfigSchema,
} from "@manman/contract/generated/manman/v1/game_config_pb.ts";
import type { GameConfig, ServerGameConfig } from "@manman/core/server.ts";

export function gameConfigMessage(config: GameConfig): MessageInitShape<typeof GameConfigSchema> {
  return {
    configId: config.configId,
    gameId: config.gameId,
    name: config.name,
    image: config.image,
    argsTemplate: config.argsTemplate,
    envTemplate: { ...config.envTemplate },
    entrypoint: [...config.entrypoint],
    command: [...config.command],
  };
}

export function serverGameConfigMessage(
  game: ServerGameConfig,
): MessageInitShape<typeof ServerGameConfigSchema> {
  return {
    serverGameConfigId: game.sgcId,
    serverId: game.serverId,
    gameConfigId: game.configId,
    portBindings: game.portBindings.map(({ containerPort, hostPort, protocol }) => ({
      containerPort,
      hostPort,
      protocol: protocol.toUpperCase(),
    })),
    status: game.status,
  };
}
