// Fifty backups under way on five hosts, each of them held in the middle of its upload: what an outage meets.
import { readFileSync } from "node:fs";
import {
  deployedGame,
  makeWorld,
  runningGame,
  type Game,
  type RunningGame,
} from "../harness/fleet-games.ts";
import type { Fleet } from "../harness/fleet.ts";
import { wayToStore } from "../harness/interrupted-backup.ts";
import type { Program } from "../harness/program.ts";
import type { TcpProxy } from "../harness/tcp-proxy.ts";
import { until } from "../harness/until.ts";

const hosts = 5;
const gamesOfHost = 10;
const mib = 1024 * 1024;

/** Packers give way to whatever else a machine does, and fifty of them start at once. */
const deadlineMs = 300_000;

/** The shortest outage is longer than two of them; a machine that starts fifty packers at once may keep heartbeats waiting for a while. */
const leaseSeconds = "10";

export type BackupHost = {
  readonly program: Program;
  /** Its way to the gateway. */
  readonly s3: TcpProxy;
  /** One that runs. */
  readonly running: RunningGame;
  /** All of them, that one too. */
  readonly games: readonly Game[];
};

export type FiftyBackups = {
  readonly fleet: Fleet;
  readonly controlPlane: Program;
  /** The control plane's way to the gateway. */
  readonly s3: TcpProxy;
  readonly hosts: readonly BackupHost[];
  readonly backupIds: readonly bigint[];
  /** Of none of them, for a backup that is asked for in the outage. */
  readonly spare: Game;
};

/** Brings them about. The archives of one host have several parts, those of the others one. */
export async function fiftyBackups(fleet: Fleet): Promise<FiftyBackups> {
  const { s3, variables } = await wayToStore(fleet);
  const controlPlane = fleet.startControlPlane({ LEASE_SECONDS: leaseSeconds, ...variables });
  await controlPlane.said("ready");
  const all = await Promise.all(
    Array.from({ length: hosts }, async (_, at) => await backupHost(fleet, at)),
  );
  const spare = await deployedGame(fleet);
  await makeWorld(spare, mib);
  for (const [at, host] of all.entries()) host.s3.stallAfter(worldBytes(at) / 2);
  const backupIds = await Promise.all(
    all.flatMap(({ games }) =>
      games.map(async ({ sgcId }) => {
        const { backup } = await fleet.api.createBackup({ serverGameConfigId: sgcId });
        return backup?.backupId ?? 0n;
      }),
    ),
  );
  await untilAllAre(fleet, backupIds, "running");
  await until(
    () => all.every((host) => host.s3.isStalled && packersOf([host]).length === gamesOfHost),
    {
      what: "every host is in the middle of its uploads",
      deadlineMs,
    },
  );
  return { fleet, controlPlane, s3, hosts: all, backupIds, spare };
}

/** Returns once all of these backups have that status in the database. */
export async function untilAllAre(
  fleet: Fleet,
  backupIds: readonly bigint[],
  status: string,
): Promise<void> {
  await until(
    async () => {
      const [row] = await fleet.query<{ n: number }>(
        "select count(*)::int as n from backup where status = $1 and backup_id = any ($2::bigint[])",
        [status, backupIds.map(String)],
      );
      return row?.n === backupIds.length;
    },
    { what: `${backupIds.length} backups are ${status}`, deadlineMs },
  );
}

/** Lets the uploads of these hosts go on. */
export async function letThrough(of: readonly BackupHost[]): Promise<void> {
  for (const { s3 } of of) await s3.heal();
}

/** Returns once every one of these hosts has sent all of its archives. */
export async function untilSent(of: readonly BackupHost[]): Promise<void> {
  const sent = ({ program }: BackupHost): number =>
    program.lines.filter(({ msg }) => msg === "archive sent").length;
  await until(() => of.every((host) => sent(host) >= gamesOfHost), {
    what: "the archives are sent",
    deadlineMs,
  });
}

/** The ids of the packers' processes that were started so far. */
export function packersOf(of: readonly BackupHost[]): readonly number[] {
  return of.flatMap(({ program }) =>
    program.lines.flatMap(({ packer_pid: pid }) => (typeof pid === "number" ? [pid] : [])),
  );
}

/** What a process has of the machine's memory, in bytes; 0 for one that has ended. */
export function residentBytes(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

async function backupHost(fleet: Fleet, at: number): Promise<BackupHost> {
  const host = at === 0 ? fleet.host : await fleet.addHost(`eu-${at + 1}`);
  const { s3, variables } = await wayToStore(fleet);
  const program = fleet.startHostManager({ ...variables, PACKERS_MAX: "16" }, host);
  await program.said("ready");
  const running = await runningGame(fleet, worldBytes(at), host);
  const games: Game[] = [running];
  while (games.length < gamesOfHost) {
    const game = await deployedGame(fleet, ["./never-started"], host);
    await makeWorld(game, worldBytes(at));
    games.push(game);
  }
  return { program, s3, running, games };
}

function worldBytes(at: number): number {
  return at === 0 ? 20 * mib : mib;
}
