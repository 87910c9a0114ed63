// One backup as lines for people.
import type { Backup } from "@manman/contract/generated/manman/v1/backup_pb.ts";
import { bytesText, spanText, timeText } from "./quantities.ts";
import { oneLine } from "./table.ts";

export const backupHeadings = ["ID", "STATUS", "SGC", "SESSION", "SIZE", "CREATED", "DESCRIPTION"];

export function backupRow(backup: Backup): string[] {
  return [
    String(backup.backupId),
    backup.status,
    String(backup.serverGameConfigId),
    backup.sessionId === 0n ? "" : String(backup.sessionId),
    backup.sizeBytes === 0n ? "" : bytesText(backup.sizeBytes),
    timeText(backup.createdAt),
    backup.description,
  ];
}

/** Everything that the record says, a fact a line; facts that are not there yet are left out. */
export function backupLines(backup: Backup): string[] {
  const facts: [name: string, value: string][] = [
    ["backup", String(backup.backupId)],
    ["status", backup.status],
    ["description", oneLine(backup.description)],
    ["server game config", String(backup.serverGameConfigId)],
    ["session", backup.sessionId === 0n ? "" : String(backup.sessionId)],
    ["server", String(backup.serverId)],
    ["attempt", String(backup.attempt)],
    ["waits because", oneLine(backup.waitingReason)],
    ["created", timeText(backup.createdAt)],
    ["started", timeText(backup.startedAt)],
    ["finished", timeText(backup.finishedAt)],
    ["took", tookText(backup)],
    ["archive", backup.s3Url],
    [
      "size",
      backup.sizeBytes === 0n ? "" : `${bytesText(backup.sizeBytes)} (${backup.sizeBytes} bytes)`,
    ],
    ["before compression", backup.rawBytes === 0n ? "" : bytesText(backup.rawBytes)],
    ["files", backup.files === 0n ? "" : String(backup.files)],
    ["sha256", backup.archiveSha256],
    [
      "error",
      backup.errorCode === "" ? "" : `${backup.errorCode}: ${oneLine(backup.errorMessage)}`,
    ],
    ["warnings", backup.warningCount === 0 ? "" : String(backup.warningCount)],
  ];
  const shown = facts.filter(([, value]) => value !== "");
  const width = Math.max(...shown.map(([name]) => name.length));
  return [
    ...shown.map(([name, value]) => `${name.padEnd(width)}  ${value}`),
    ...backup.warnings.map((warning) => `${" ".repeat(width)}  ${oneLine(warning)}`),
  ];
}

function tookText({ startedAt, finishedAt }: Backup): string {
  return startedAt === 0n || finishedAt === 0n ? "" : spanText(Number(finishedAt - startedAt));
}
