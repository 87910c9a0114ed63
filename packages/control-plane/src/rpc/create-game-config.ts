// CreateGameConfig: how a game is started. Templates are checked here, so that a mistake is found now and not at a start at night.
import { argumentCharsMax } from "@manman/contract/bus/commands.ts";
import type { CreateGameConfigRequest } from "@manman/contract/generated/manman/v1/game_config_pb.ts";
import type { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import { launchTemplateProblems } from "@manman/core/launch/launch-template.ts";
import { gameConfigMessage } from "./game-message.ts";
import { listOf, refusalFor, textOf, type Finding } from "./request-checks.ts";
import type { Rpc } from "./rpc.ts";
import type { RpcNeeds } from "./rpc-needs.ts";

const itemsMax = 200;
/** All texts of a launch together, so that the start command fits into one message. */
const launchCharsMax = 100_000;

export function createGameConfig({
  records,
}: Pick<RpcNeeds, "records">): Rpc<typeof ManManAPI.method.createGameConfig> {
  return async (request) => {
    const refusal = refusalFor(
      textOf("name", request.name, { charsMin: 1, charsMax: 100 }),
      textOf("image", request.image, { charsMax: 500 }),
      launchFindings(request),
    );
    if (refusal !== null) return { refusal };
    const { gameId, name, image, argsTemplate, envTemplate, entrypoint, command } = request;
    const config = await records.games.createConfig({
      gameId,
      name,
      image,
      argsTemplate,
      envTemplate,
      entrypoint,
      command,
    });
    return { response: { config: gameConfigMessage(config) } };
  };
}

function launchFindings(request: CreateGameConfigRequest): Finding {
  const { entrypoint, command, argsTemplate, envTemplate } = request;
  const variables = Object.entries(envTemplate);
  const texts = [...entrypoint, ...command, argsTemplate, ...variables.flat()];
  const chars = texts.reduce((sum, text) => sum + text.length, 0);
  if (chars > launchCharsMax) {
    return {
      field: "args_template",
      problem: `must have, together with entrypoint, command and env_template, at most ${launchCharsMax} characters, not ${chars}`,
    };
  }
  return [
    listOf("entrypoint", entrypoint, itemsMax, argument),
    listOf("command", command, itemsMax, argument),
    argument("args_template", argsTemplate),
    listOf("env_template", variables, itemsMax, (_place, [name, value]) =>
      argument(`env_template[${name}]`, value),
    ),
    launchTemplateProblems(request),
  ].flatMap((finding) => finding ?? []);
}

/** What the start command can carry. */
function argument(field: string, text: string): Finding {
  return textOf(field, text, { charsMax: argumentCharsMax });
}
