// The game that standalone serves: found or made through the API, so that a start after a kill goes on where the last one ended.
import type { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import type { Backup } from "@manman/contract/generated/manman/v1/backup_pb.ts";
import type { Session } from "@manman/contract/generated/manman/v1/session_pb.ts";
import type { GrpcClient } from "@manman/contract/grpc-client.ts";
import { until } from "./until.ts";

export type Api = GrpcClient<typeof ManManAPI>;

/** What is to be served: the demo with its process, or a directory of the user's without one. */
export type Served = {
  /** Unique among the game configs of this home; names the game for ever. */
  readonly configName: string;
  readonly entrypoint: readonly string[];
  readonly hasProcess: boolean;
  /** Puts the data in its place before anything starts or is backed up. */
  readonly placeData: (sgcId: bigint) => Promise<void>;
};

export type ServedState = {
  readonly sgcId: bigint;
  readonly session: Session | null;
  readonly backup: Backup;
};

const startsWithinMs = 30_000;
const stopsWithinMs = 15_000;
const backupWithinMs = 600_000;

export async function serveGame(api: Api, serverId: bigint, served: Served): Promise<ServedState> {
  const configId = await findConfig(api, served);
  const sgcId = await findDeployment(api, serverId, configId);
  await served.placeData(sgcId);
  const session = served.hasProcess ? await runningSession(api, sgcId) : null;
  return { sgcId, session, backup: await firstBackup(api, sgcId, session) };
}

async function findConfig(api: Api, { configName, entrypoint }: Served): Promise<bigint> {
  const pages = async (pageToken: string): Promise<bigint | undefined> => {
    const page = await api.listGameConfigs({ pageSize: 100, pageToken });
    const found = page.configs.find(({ name }) => name === configName);
    if (found !== undefined) return found.configId;
    return page.nextPageToken === "" ? undefined : await pages(page.nextPageToken);
  };
  const found = await pages("");
  if (found !== undefined) return found;
  const made = await api.createGameConfig({ name: configName, entrypoint: [...entrypoint] });
  return present(made.config, "CreateGameConfig").configId;
}

async function findDeployment(api: Api, serverId: bigint, gameConfigId: bigint): Promise<bigint> {
  const pages = async (pageToken: string): Promise<bigint | undefined> => {
    const page = await api.listServerGameConfigs({ serverId, pageSize: 100, pageToken });
    const found = page.configs.find((config) => config.gameConfigId === gameConfigId);
    if (found !== undefined) return found.serverGameConfigId;
    return page.nextPageToken === "" ? undefined : await pages(page.nextPageToken);
  };
  const found = await pages("");
  if (found !== undefined) return found;
  const made = await api.deployGameConfig({ serverId, gameConfigId });
  return present(made.config, "DeployGameConfig").serverGameConfigId;
}

/** The session that runs already, or a new one, once its process is there. */
async function runningSession(api: Api, serverGameConfigId: bigint): Promise<Session> {
  const { sessions } = await api.listSessions({ serverGameConfigId, liveOnly: true });
  const live = sessions.find(({ status }) => status !== "stopping");
  const { sessionId } =
    live ??
    present((await api.startSession({ serverGameConfigId, force: true })).session, "StartSession");
  const settled = await until("the game runs", startsWithinMs, async () => {
    const session = present((await api.getSession({ sessionId })).session, "GetSession");
    return session.status === "pending" || session.status === "starting" ? undefined : session;
  });
  if (settled.status === "running") return settled;
  throw new Error(`session ${sessionId} is ${settled.status}: ${settled.errorMessage}`);
}

/** Stops whatever session of the game lives when standalone ends in order: whoever ends a demo wants nothing of it left running. */
export async function endSessions(api: Api, serverGameConfigId: bigint): Promise<void> {
  const live = async (): Promise<Session[]> =>
    (await api.listSessions({ serverGameConfigId, liveOnly: true })).sessions;
  for (const { sessionId } of await live()) await api.stopSession({ sessionId });
  await until("the game has ended", stopsWithinMs, async () =>
    (await live()).length === 0 ? true : undefined,
  );
}

/** The newest backup that stands or is under way; where there is none, one is made through the API like any other. */
async function firstBackup(api: Api, sgcId: bigint, session: Session | null): Promise<Backup> {
  const { backups } = await api.listBackups({ serverGameConfigId: sgcId });
  const standing =
    backups.find(({ status }) => status === "pending" || status === "running") ??
    backups.find(({ status }) => status === "completed");
  const target =
    session === null ? { serverGameConfigId: sgcId } : { sessionId: session.sessionId };
  const { backupId } =
    standing ??
    present(
      (await api.createBackup({ ...target, description: "First backup" })).backup,
      "CreateBackup",
    );
  return await until(`backup ${backupId} has ended`, backupWithinMs, async () => {
    const backup = present((await api.getBackup({ backupId })).backup, "GetBackup");
    return backup.status === "pending" || backup.status === "running" ? undefined : backup;
  });
}

function present<Record>(record: Record | undefined, rpc: string): Record {
  if (record === undefined) throw new Error(`${rpc} answered without a record`);
  return record;
}
