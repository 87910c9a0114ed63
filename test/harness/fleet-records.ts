// What a test asks about a fleet's records: through the API as everybody does, and in the database where the API shows less.
import type { Backup } from "@manman/contract/generated/manman/v1/backup_pb.ts";
import type { Session } from "@manman/contract/generated/manman/v1/session_pb.ts";
import type { Fleet } from "./fleet.ts";
import { until } from "./until.ts";

/** Machines that do much else take their time. */
const deadlineMs = 90_000;

export async function backupOf({ api }: Fleet, backupId: bigint): Promise<Backup> {
  const { backup } = await api.getBackup({ backupId });
  if (backup === undefined) throw new Error(`there is no backup ${backupId}`);
  return backup;
}

/** The id of a backup that was asked for now. */
export async function askedBackup(
  { api }: Fleet,
  of: { readonly sessionId: bigint } | { readonly serverGameConfigId: bigint },
): Promise<bigint> {
  const { backup } = await api.createBackup(of);
  if (backup === undefined) throw new Error("the answer holds no backup");
  return backup.backupId;
}

/** The backup as soon as it is as wished. */
export async function untilBackup(
  fleet: Fleet,
  backupId: bigint,
  what: string,
  isSo: (backup: Backup) => boolean,
): Promise<Backup> {
  return await until(
    async () => {
      const backup = await backupOf(fleet, backupId);
      return isSo(backup) && backup;
    },
    { what: `backup ${backupId} ${what}`, deadlineMs },
  );
}

/** The backup once it is over, however it ended. */
export async function endedBackup(fleet: Fleet, backupId: bigint): Promise<Backup> {
  return await untilBackup(fleet, backupId, "is over", ({ status }) =>
    ["completed", "failed", "cancelled"].includes(status),
  );
}

/** The session once it has that status. */
export async function untilSession(
  { api }: Fleet,
  sessionId: bigint,
  status: string,
): Promise<Session> {
  return await until(
    async () => {
      const { session } = await api.getSession({ sessionId });
      return session?.status === status && session;
    },
    { what: `session ${sessionId} is ${status}`, deadlineMs },
  );
}

/** Every state that the backup has come into, with the attempt: `1 pending`. */
export async function historyOf(fleet: Fleet, backupId: bigint): Promise<readonly string[]> {
  const rows = await fleet.query<{ attempt: number; to_status: string }>(
    "select attempt, to_status from backup_event where backup_id = $1 order by sequence",
    [backupId],
  );
  return rows.map(({ attempt, to_status }) => `${attempt} ${to_status}`);
}

/** Moves a backup's times into the past, as if so much time had gone by. */
export async function letTimePass(fleet: Fleet, backupId: bigint, interval: string): Promise<void> {
  await fleet.query(
    `update backup set status_since = status_since - $2::interval, due_at = due_at - $2::interval,
     visible_at = visible_at - $2::interval where backup_id = $1`,
    [backupId, interval],
  );
}
