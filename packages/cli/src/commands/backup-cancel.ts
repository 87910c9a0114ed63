// `manman backup cancel`
import { given } from "../answered.ts";
import type { OpenCommand } from "../open-command.ts";
import { printBackup } from "./backup-get.ts";

export async function cancelBackup(command: OpenCommand, backupId: bigint): Promise<void> {
  const { backup } = await command.api.cancelBackup({ backupId }, command);
  if (command.json) printBackup(command, given(backup));
  else command.print(`backup ${backupId} is ${given(backup).status}`);
}
