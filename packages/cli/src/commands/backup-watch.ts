// `manman backup watch`: the event log as it grows. A control plane that goes away meanwhile is waited for, and nothing is told twice.
import { setTimeout as sleep } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import {
  WatchBackupResponseSchema,
  type BackupEvent,
} from "@manman/contract/generated/manman/v1/backup_pb.ts";
import { GrpcError } from "@manman/contract/grpc-error.ts";
import { toJsonString } from "@bufbuild/protobuf";
import type { OpenCommand } from "../open-command.ts";
import { timeText } from "../output/quantities.ts";
import { oneLine } from "../output/table.ts";

const retryMs = 1_000;

export async function watchBackup(command: OpenCommand, backupId: bigint): Promise<void> {
  let afterSequence = 0;
  let isReached = false;
  for (;;) {
    try {
      const request = { backupId, afterSequence };
      for await (const response of command.api.watchBackup(request, command)) {
        isReached = true;
        const { event } = response;
        if (event === undefined) continue;
        afterSequence = event.sequence;
        command.print(
          command.json
            ? toJsonString(WatchBackupResponseSchema, response, { useProtoFieldName: true })
            : eventLine(event),
        );
      }
      return;
    } catch (error) {
      const isAway = error instanceof GrpcError && error.code === status.UNAVAILABLE;
      if (!isAway || !isReached) throw error;
      await sleep(retryMs, undefined, { signal: command.signal });
    }
  }
}

function eventLine(event: BackupEvent): string {
  const step =
    event.fromStatus === "" ? event.toStatus : `${event.fromStatus} -> ${event.toStatus}`;
  return `${timeText(event.at)}  ${step}  attempt ${event.attempt}, by ${event.who}: ${oneLine(event.why)}`;
}
