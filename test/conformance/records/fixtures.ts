// Records that tests begin with.
import type { Backup, BackupDecision } from "@manman/core/backup/backup.ts";
import { grantClaim } from "@manman/core/backup/claim-attempt.ts";
import type { BackupBirth } from "@manman/core/backup/create-backup.ts";
import { defaultBackupLimits } from "@manman/core/backup/limits.ts";
import type { Circumstances } from "@manman/core/backup/transition.ts";
import type { OutboxMessage, Records, Rule } from "@manman/core/ports.ts";
import type { GameConfig, Server, ServerGameConfig } from "@manman/core/server.ts";
import { decideStart } from "@manman/core/session/start-session.ts";
import type { Session } from "@manman/core/session/session.ts";
import { askToStop, type SessionDecision } from "@manman/core/session/stop-session.ts";

export const leaseMs = defaultBackupLimits.leaseMs;

/** Long enough that nothing falls due while a test runs. */
export const farOffMs = 3_600_000;

export const demoConfig: Omit<GameConfig, "configId"> = {
  gameId: 3n,
  name: "Demo",
  image: "demo:1",
  argsTemplate: "--port {{port}}",
  envTemplate: { WORLD: "ruins" },
  entrypoint: ["/usr/bin/demo"],
  command: ["run", "a b"],
};

/** A host manager seen within that time is taken to be alive. */
export const hostOnlineMs = 30_000;

export async function registeredServer(
  records: Records,
  name = "host-a",
  instanceId: string | null = null,
): Promise<Server> {
  const host = { name, environment: "dev", capabilities: null, instanceId };
  return accepted(await records.servers.register(host, hostOnlineMs));
}

/** A game on a server of that name, which is made when there is none. */
export async function deployedGame(
  records: Records,
  serverName = "host-a",
): Promise<ServerGameConfig> {
  const { serverId } = await registeredServer(records, serverName);
  const { configId } = await records.games.createConfig(demoConfig);
  return accepted(await records.games.deploy({ serverId, configId, portBindings: [] }));
}

/** The rule of a stop. */
export function toStop(session: Session, nowMs: number): SessionDecision {
  return askToStop(session, { nowMs, limits: defaultBackupLimits });
}

export async function startedSession(records: Records, sgcId: bigint): Promise<Session> {
  return accepted(
    await records.sessions.start(sgcId, (situation, nowMs) =>
      decideStart({ sgcId, force: false }, situation, { nowMs, limits: defaultBackupLimits }),
    ),
  );
}

export function birthOf(game: ServerGameConfig, fields: Partial<BackupBirth> = {}): BackupBirth {
  return {
    sgcId: game.sgcId,
    serverId: game.serverId,
    sessionId: null,
    description: "",
    requestId: null,
    ...fields,
  };
}

/** A pending backup of a game of its own. */
export async function pendingBackup(records: Records, serverName?: string): Promise<Backup> {
  const [backup] = await records.backups.create(
    [birthOf(await deployedGame(records, serverName))],
    farOffMs,
  );
  return present(backup);
}

/** A backup of a game of its own that the instance `instance-1` of its server has claimed. */
export async function runningBackup(records: Records, serverName?: string): Promise<Backup> {
  const { backupId, serverId } = await pendingBackup(records, serverName);
  const claim = { serverId, instanceId: "instance-1", attempt: 1 };
  return await changed(records, backupId, (backup, nowMs) =>
    grantClaim(backup, claim, "upload-1", circumstances(nowMs)),
  );
}

/** The record after a rule that changes it. */
export async function changed(
  records: Records,
  backupId: bigint,
  rule: Rule<Backup, BackupDecision>,
): Promise<Backup> {
  const outcome = present(await records.backups.change(backupId, rule));
  if (outcome.decision.kind !== "change") throw new Error(`it did not: ${outcome.decision.kind}`);
  return outcome.record;
}

export function circumstances(nowMs: number): Circumstances {
  return { nowMs, chance: 0, limits: defaultBackupLimits };
}

/** A rule's answer that writes the record with these fields. */
export function rewritten(backup: Backup, fields: Partial<Backup>): BackupDecision {
  return { kind: "change", backup: { ...backup, ...fields }, who: "reconciler", why: "a test" };
}

/** Everything in the outbox that is due, taken out of it. */
export async function takenMessages(records: Records): Promise<readonly OutboxMessage[]> {
  const taken: OutboxMessage[] = [];
  await records.outbox.relay(1_000, async (messages) => {
    taken.push(...messages);
    return messages.map(() => ({ kind: "sent" }));
  });
  return taken;
}

export function present<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error("there is none");
  return value;
}

/** Throws where a refusal was answered. */
export function accepted<T extends object>(answer: T): Exclude<T, { readonly kind: string }> {
  if ("kind" in answer) throw new Error(`refused: ${JSON.stringify(answer, asText)}`);
  return answer as Exclude<T, { readonly kind: string }>;
}

function asText(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
