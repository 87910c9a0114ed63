// `manman backup delete`: shows what will be gone, asks, and only then asks the server.
import { given } from "../answered.ts";
import { CommandFailure } from "../failure.ts";
import type { OpenCommand } from "../open-command.ts";
import { backupLines } from "../output/backup-lines.ts";
import { requireTerminal, typedAnswer } from "../typed-answer.ts";
import { printBackup } from "./backup-get.ts";

export async function deleteBackup(
  command: OpenCommand,
  backupId: bigint,
  options: { readonly yes?: true },
): Promise<void> {
  if (options.yes !== true) await confirm(command, backupId);
  await command.api.deleteBackup({ backupId }, command);
  const { backup } = await command.api.getBackup({ backupId }, command);
  if (command.json) printBackup(command, given(backup));
  else if (backup?.status === "deleted") command.print(`backup ${backupId} is deleted`);
  else command.print(`backup ${backupId} is being deleted; the store has not answered yet`);
}

async function confirm(command: OpenCommand, backupId: bigint): Promise<void> {
  requireTerminal("deleting");
  const backup = given((await command.api.getBackup({ backupId }, command)).backup);
  for (const line of backupLines(backup)) command.note(line);
  const question = `Its archive will be removed for good. Type ${backupId} to go on: `;
  if ((await typedAnswer(command, question)) !== String(backupId)) {
    throw new CommandFailure("refused", "nothing was deleted");
  }
}
