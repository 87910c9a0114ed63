// `manman backup get`
import { create } from "@bufbuild/protobuf";
import {
  GetBackupResponseSchema,
  type Backup,
} from "@manman/contract/generated/manman/v1/backup_pb.ts";
import { given } from "../answered.ts";
import type { OpenCommand } from "../open-command.ts";
import { backupLines } from "../output/backup-lines.ts";
import { jsonText } from "../output/json.ts";

export async function getBackup(command: OpenCommand, backupId: bigint): Promise<void> {
  printBackup(command, given((await command.api.getBackup({ backupId }, command)).backup));
}

export function printBackup({ json, print }: OpenCommand, backup: Backup): void {
  if (json) print(jsonText(GetBackupResponseSchema, create(GetBackupResponseSchema, { backup })));
  else for (const line of backupLines(backup)) print(line);
}
