// What one round measures: the calls of each part.
import type { Deployment } from "./deployment.ts";
import type { Floor } from "./floor.ts";
import { putLoad, type LoadResult } from "./load.ts";
import type { ServerProcess } from "./server-process.ts";

/** Figures of one part in one round. */
export type PartResult = LoadResult & {
  /** CPU time of the server process, for one call. */
  readonly serverCpuMicros: number;
};

export type PartName =
  | "echo"
  | "insert"
  | "create"
  | "list-game-few"
  | "list-game-many"
  | "list-all-few"
  | "list-all-many"
  | "get-many";

export type Measured = {
  readonly echo: Floor;
  readonly insert: Floor;
  /** 1,000 records. */
  readonly few: Deployment;
  readonly many: Deployment;
};

const description = "Before update";

/** The parts in the order in which each round measures them. */
export const parts: Readonly<
  Record<PartName, (measured: Measured, seconds: number) => Promise<PartResult>>
> = {
  echo: async ({ echo, many }, seconds) => await creations(echo, many, seconds),
  insert: async ({ insert, many }, seconds) => await creations(insert, many, seconds),
  create: async ({ many }, seconds) => await creations(many, many, seconds),
  "list-game-few": async ({ few }, seconds) => await gamePages(few, seconds),
  "list-game-many": async ({ many }, seconds) => await gamePages(many, seconds),
  "list-all-few": async ({ few }, seconds) => await newestPages(few, seconds),
  "list-all-many": async ({ many }, seconds) => await newestPages(many, seconds),
  "get-many": async ({ many }, seconds) => await singleRecords(many, seconds),
};

/** Each call names another game that runs: no game takes a second backup while the first is under way. */
async function creations(
  { server, client }: Pick<Floor, "server" | "client">,
  { sessions }: Deployment,
  seconds: number,
): Promise<PartResult> {
  return await loadOn(server, seconds, sessions.length, async (n) => {
    const sessionId = sessions[n]?.sessionId ?? 0n;
    const { backup } = await client.createBackup({ sessionId, description });
    if (backup?.status !== "pending") throw new Error(`session ${sessionId}: no pending record`);
  });
}

/** The first page of a game's backups, each time of another game. */
async function gamePages(
  { server, client, fleet }: Deployment,
  seconds: number,
): Promise<PartResult> {
  return await loadOn(server, seconds, Infinity, async () => {
    const serverGameConfigId = anyOf(fleet.gamesWithHistory);
    const { backups } = await client.listBackups({ serverGameConfigId });
    if (backups.length !== 50) throw new Error(`a page of ${backups.length}`);
  });
}

/** The first page of all backups. */
async function newestPages({ server, client }: Deployment, seconds: number): Promise<PartResult> {
  return await loadOn(server, seconds, Infinity, async () => {
    const { backups } = await client.listBackups({});
    if (backups.length !== 50) throw new Error(`a page of ${backups.length}`);
  });
}

async function singleRecords(
  { server, client, fleet }: Deployment,
  seconds: number,
): Promise<PartResult> {
  return await loadOn(server, seconds, Infinity, async () => {
    const backupId = anyOf(fleet.records);
    const { backup } = await client.getBackup({ backupId });
    if (backup?.backupId !== backupId) throw new Error(`no backup ${backupId}`);
  });
}

/** A number from 1 to `count`. */
function anyOf(count: number): bigint {
  return BigInt(1 + Math.floor(Math.random() * count));
}

async function loadOn(
  server: ServerProcess,
  seconds: number,
  callsMax: number,
  call: (n: number) => Promise<void>,
): Promise<PartResult> {
  const before = await server.cpuMs();
  const result = await putLoad({ call, seconds, callsMax });
  const cpuMs = (await server.cpuMs()) - before;
  return { ...result, serverCpuMicros: (cpuMs / result.calls) * 1_000 };
}
