// `manman backup create`: asks for a backup, safely repeated where the answer got lost, and waits for its end where told to.
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import type { Backup } from "@manman/contract/generated/manman/v1/backup_pb.ts";
import { GrpcError } from "@manman/contract/grpc-error.ts";
import { given } from "../answered.ts";
import { CommandFailure } from "../failure.ts";
import type { OpenCommand } from "../open-command.ts";
import { progressLine, progressText } from "../output/progress-line.ts";
import { waitUntil } from "../wait-until.ts";
import { printBackup } from "./backup-get.ts";
import type { WaitOptions } from "./session-wait.ts";

export type BackupCreateOptions = WaitOptions & {
  readonly session?: bigint;
  readonly sgc?: bigint;
  readonly description: string;
  readonly requestId?: string;
};

const triesMax = 3;

export async function createBackup(
  command: OpenCommand,
  options: BackupCreateOptions,
): Promise<void> {
  if (options.session === undefined && options.sgc === undefined) {
    throw new CommandFailure("usage", "name what to back up: --session <id> or --sgc <id>");
  }
  const asked = await askRepeatedly(command, options);
  if (options.wait !== true) {
    printBackup(command, asked);
    return;
  }
  const ended = await waitForEnd(command, asked, options.timeout);
  printBackup(command, ended);
  if (ended.status !== "completed") {
    const why = ended.errorMessage === "" ? "" : `: ${ended.errorMessage}`;
    throw new CommandFailure("failed", `backup ${ended.backupId} is ${ended.status}${why}`);
  }
}

/** The request id makes a repeat harmless: a call whose answer was lost is answered with the backup that it made. */
async function askRepeatedly(command: OpenCommand, options: BackupCreateOptions): Promise<Backup> {
  const request = {
    sessionId: options.session ?? 0n,
    serverGameConfigId: options.sgc ?? 0n,
    description: options.description,
    requestId: options.requestId ?? randomUUID(),
  };
  for (let tried = 1; ; tried += 1) {
    try {
      return given((await command.api.createBackup(request, command)).backup);
    } catch (error) {
      const mayBeRecorded =
        error instanceof GrpcError &&
        (error.code === status.UNAVAILABLE || error.code === status.DEADLINE_EXCEEDED);
      if (!mayBeRecorded || tried === triesMax) throw error;
      await sleep(error.retryDelayMs ?? 1_000, undefined, { signal: command.signal });
    }
  }
}

async function waitForEnd(
  command: OpenCommand,
  { backupId }: Backup,
  timeoutSeconds: number,
): Promise<Backup> {
  const line = progressLine(process.stderr);
  try {
    return await waitUntil(
      `backup ${backupId}`,
      async () => given((await command.api.getBackup({ backupId }, command)).backup),
      ({ status: now }) => now !== "pending" && now !== "running",
      {
        timeoutSeconds,
        signal: command.signal,
        onRecord: (backup) => line.show((columns) => progressText(backup, columns)),
      },
    );
  } finally {
    line.end();
  }
}
