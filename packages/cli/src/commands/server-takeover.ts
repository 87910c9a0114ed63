// `manman server takeover`: shows what will happen, asks, and only then asks the server.
import {
  TakeOverServerResponseSchema,
  type Server,
} from "@manman/contract/generated/manman/v1/server_pb.ts";
import { given } from "../answered.ts";
import { CommandFailure } from "../failure.ts";
import type { OpenCommand } from "../open-command.ts";
import { jsonText } from "../output/json.ts";
import { timeText } from "../output/quantities.ts";
import { requireTerminal, typedAnswer } from "../typed-answer.ts";

type Options = { readonly readmit?: boolean; readonly yes?: boolean };

export async function takeOverServer(
  command: OpenCommand,
  idOrName: string,
  { readmit = false, yes = false }: Options,
): Promise<void> {
  const which = { ...serverNamed(idOrName), readmit };
  if (!yes) await confirm(command, which);
  const answer = await command.api.takeOverServer(which, command);
  if (command.json) {
    command.print(jsonText(TakeOverServerResponseSchema, answer));
    return;
  }
  const { name } = given(answer.server);
  command.print(`server ${name} goes to the next host manager that registers as ${name}`);
  if (answer.attemptsEnded > 0) {
    command.print(`running backups that begin again: ${answer.attemptsEnded}`);
  }
}

/** Digits are an id; a server whose name is nothing but digits is taken over by its id. */
function serverNamed(idOrName: string): { serverId: bigint } | { name: string } {
  return /^[1-9]\d{0,18}$/.test(idOrName) ? { serverId: BigInt(idOrName) } : { name: idOrName };
}

async function confirm(
  command: OpenCommand,
  which: { readonly readmit: boolean } & ReturnType<typeof serverNamed>,
): Promise<void> {
  requireTerminal("taking a server over");
  const dryRun = await command.api.takeOverServer({ ...which, dryRun: true }, command);
  const server = given(dryRun.server);
  for (const line of consequences(server, dryRun.attemptsEnded, which.readmit)) command.note(line);
  const question = `Type ${server.name} to go on: `;
  if ((await typedAnswer(command, question)) !== server.name) {
    throw new CommandFailure("refused", "nothing was changed");
  }
}

function consequences(server: Server, attempts: number, readmit: boolean): readonly string[] {
  return [
    `server ${server.name} (id ${server.serverId}) is ${server.status}, last seen ${timeText(server.lastSeen)}`,
    "- its host manager is refused from now on, and ends within a heartbeat; its games go on",
    `- backups that run there, and begin again: ${attempts}`,
    readmit
      ? `- the next host manager that registers as ${server.name} gets the server`
      : `- the next other host manager that registers as ${server.name} gets the server`,
  ];
}
