// What one round measures: the calls of each part, and what they cost.
import { availableParallelism } from "node:os";
import { cpuMsOf, cpuMsOfFamily, cpuMsOfMachine } from "./cpu-time.ts";
import type { Deployment } from "./deployment.ts";
import type { Floor } from "./floor.ts";
import { putLoad, type LoadResult } from "./load.ts";

/** Figures of one part in one round. */
export type PartResult = LoadResult & {
  readonly cpuMicros: CpuMicros;
  /** The share of all cores that went to anything else, from 0 to 1: RabbitMQ, the kernel's own work, and strangers. */
  readonly othersShare: number;
};

/** CPU time for one call, in microseconds: of the server process, of all of PostgreSQL, and of this process, which makes the calls. */
export type CpuMicros = {
  readonly server: number;
  readonly postgres: number;
  readonly load: number;
};

export const partNames = [
  "echo",
  "insert",
  "create",
  "list-game-few",
  "list-game-many",
  "list-all-few",
  "list-all-many",
  "get-many",
] as const;

export type PartName = (typeof partNames)[number];

export type Measured = {
  readonly postgresPid: number;
  readonly echo: Floor;
  readonly insert: Floor;
  /** 1,000 records. */
  readonly few: Deployment;
  readonly many: Deployment;
};

/** The calls of a part: at most so many, the n-th from 0. */
type Calls = {
  readonly serverPid: number;
  readonly callsMax: number;
  readonly call: (n: number) => Promise<void>;
};

const calls: Readonly<Record<PartName, (measured: Measured) => Calls>> = {
  echo: ({ echo, many }) => creations(echo, many),
  insert: ({ insert, many }) => creations(insert, many),
  create: ({ many }) => creations(many, many),
  "list-game-few": ({ few }) => gamePages(few),
  "list-game-many": ({ many }) => gamePages(many),
  "list-all-few": ({ few }) => newestPages(few),
  "list-all-many": ({ many }) => newestPages(many),
  "get-many": ({ many }) => singleRecords(many),
};

/** Puts load on one part for so long. */
export async function measurePart(
  name: PartName,
  measured: Measured,
  seconds: number,
): Promise<PartResult> {
  const { serverPid, callsMax, call } = calls[name](measured);
  const before = await cpuTimes(serverPid, measured.postgresPid);
  const result = await putLoad({ call, seconds, callsMax });
  const after = await cpuTimes(serverPid, measured.postgresPid);
  const usedMs = (who: keyof CpuTimes): number => after[who] - before[who];
  const micros = (who: keyof CpuTimes): number => (usedMs(who) / result.calls) * 1_000;
  const othersMs = usedMs("machine") - usedMs("server") - usedMs("postgres") - usedMs("load");
  return {
    ...result,
    cpuMicros: { server: micros("server"), postgres: micros("postgres"), load: micros("load") },
    othersShare: Math.max(0, othersMs / (after.atMs - before.atMs) / availableParallelism()),
  };
}

type CpuTimes = Awaited<ReturnType<typeof cpuTimes>>;

async function cpuTimes(serverPid: number, postgresPid: number) {
  return {
    server: await cpuMsOf(serverPid),
    postgres: await cpuMsOfFamily(postgresPid),
    load: await cpuMsOf(process.pid),
    machine: await cpuMsOfMachine(),
    atMs: performance.now(),
  };
}

/** Each call names another game that runs, since no game takes a second backup while the first is under way. */
function creations(
  { server, client }: Pick<Floor, "server" | "client">,
  { sessions }: Deployment,
): Calls {
  return {
    serverPid: server.pid,
    callsMax: sessions.length,
    call: async (n) => {
      const sessionId = sessions[n]?.sessionId ?? 0n;
      const { backup } = await client.createBackup({ sessionId, description: "Before update" });
      if (backup?.status !== "pending") throw new Error(`session ${sessionId}: no pending record`);
    },
  };
}

/** The first page of a game's backups, each time of any game. */
function gamePages({ server, client, fleet }: Deployment): Calls {
  return {
    serverPid: server.pid,
    callsMax: Infinity,
    call: async () => {
      const serverGameConfigId = anyOf(fleet.gamesWithHistory);
      const { backups } = await client.listBackups({ serverGameConfigId });
      if (backups.length !== 50) throw new Error(`a page of ${backups.length}`);
    },
  };
}

/** The first page of all backups. */
function newestPages({ server, client }: Deployment): Calls {
  return {
    serverPid: server.pid,
    callsMax: Infinity,
    call: async () => {
      const { backups } = await client.listBackups({});
      if (backups.length !== 50) throw new Error(`a page of ${backups.length}`);
    },
  };
}

function singleRecords({ server, client, fleet }: Deployment): Calls {
  return {
    serverPid: server.pid,
    callsMax: Infinity,
    call: async () => {
      const backupId = anyOf(fleet.records);
      const { backup } = await client.getBackup({ backupId });
      if (backup?.backupId !== backupId) throw new Error(`no backup ${backupId}`);
    },
  };
}

/** A number from 1 to `count`. */
function anyOf(count: number): bigint {
  return BigInt(1 + Math.floor(Math.random() * count));
}
