// Says why a pending backup waits, so that nobody has to guess which part of the fleet to look at.
import type { Backup } from "@manman/core/backup/backup.ts";
import type { ServerRecords } from "@manman/core/ports.ts";
import { isOnline, type Server } from "@manman/core/server.ts";

export type WaitingNeeds = {
  readonly servers: Pick<ServerRecords, "get">;
  readonly nowMs: () => number;
  readonly heartbeatMs: number;
};

/** The reasons of all backups of a list; each server is looked up once. */
export async function waitingReasons(
  backups: readonly Backup[],
  { servers, nowMs, heartbeatMs }: WaitingNeeds,
): Promise<(backup: Backup) => string> {
  const ids = [...new Set(backups.filter(isWaiting).map(({ serverId }) => serverId))];
  const found = await Promise.all(ids.map(async (id) => await servers.get(id)));
  const byId = new Map(found.map((server) => [server?.serverId, server]));
  return (backup) => waitingReason(backup, byId.get(backup.serverId) ?? null, nowMs(), heartbeatMs);
}

/** The reason of one backup; empty for one that does not wait. */
export function waitingReason(
  backup: Backup,
  server: Server | null,
  nowMs: number,
  heartbeatMs: number,
): string {
  if (!isWaiting(backup)) return "";
  const host = `the host manager of server ${backup.serverId}`;
  if (server === null || server.lastSeenAtMs === null) return `${host} has never registered`;
  if (!isOnline(server, nowMs, heartbeatMs)) {
    return `${host} has not been heard of since ${new Date(server.lastSeenAtMs).toISOString()}`;
  }
  if (server.hostProblem !== "") return `${host} takes no new work on: ${server.hostProblem}`;
  if (backup.failure !== null) {
    return `attempt ${backup.attempt} follows attempt ${backup.attempt - 1}, which failed: ${backup.failure.message}`;
  }
  return `${host} has not begun yet`;
}

function isWaiting(backup: Backup): boolean {
  return backup.status === "pending";
}
