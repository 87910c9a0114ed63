// The games of a fleet: deployed, started, and looked at where they leave their traces.
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { environmentName, type Fleet, type Host } from "./fleet.ts";
import { untilSession } from "./fleet-records.ts";
import { until } from "./until.ts";

export type Game = {
  readonly sgcId: bigint;
  /** Its `game` directory, which need not exist. */
  readonly world: string;
};

/** A game that ticks. */
export type TickingGame = Game & {
  readonly pid: number;
  /** Returns once it has ticked on since the call. Throws where another process than `pid` has ever ticked here, or a tick is missing. */
  readonly goesOn: () => Promise<void>;
};

export type RunningGame = TickingGame & {
  readonly sessionId: bigint;
  /** Every line that it was sent. */
  readonly heard: () => readonly string[];
};

const tickingGame = [
  process.execPath,
  fileURLToPath(new URL("./ticking-game.ts", import.meta.url)),
];

/** Deploys a game on a host of the fleet: by default one that ticks, on `eu-1`. */
export async function deployedGame(
  { api, host: firstHost }: Fleet,
  command: readonly string[] = tickingGame,
  host: Host = firstHost,
): Promise<Game> {
  const { serverId } = await api.registerServer({ name: host.name, environment: environmentName });
  const { config } = await api.createGameConfig({ name: "demo", command: [...command] });
  const deployed = await api.deployGameConfig({ serverId, gameConfigId: config?.configId ?? 0n });
  const sgcId = deployed.config?.serverGameConfigId ?? 0n;
  return { sgcId, world: join(host.dataDir, `gsc-${environmentName}-${sgcId}`, "game") };
}

/** Fills its world: a small file, and one with so many bytes that do not compress. */
export async function makeWorld({ world }: Game, regionBytes: number): Promise<void> {
  await mkdir(join(world, "region"), { recursive: true });
  await writeFile(join(world, "server.properties"), "motd=hello\n");
  await writeFile(join(world, "region", "r.0.0.mca"), randomBytes(regionBytes));
}

/** Starts a game that ticks; returns once it does. */
export async function startedGame(fleet: Fleet, game: Game): Promise<RunningGame> {
  const { session } = await fleet.api.startSession({ serverGameConfigId: game.sgcId });
  const sessionId = session?.sessionId ?? 0n;
  await untilSession(fleet, sessionId, "running");
  return { ...(await tickingIn(game)), sessionId, heard: () => linesOf(game, "heard") };
}

/** The game once it ticks, whoever has started it. */
export async function tickingIn(game: Game): Promise<TickingGame> {
  const ticks = (): readonly Tick[] => linesOf(game, "ticks").map(tickOf);
  const { pid } = await until(() => ticks().at(-1), { what: "the game ticks", deadlineMs: 60_000 });
  return {
    ...game,
    pid,
    goesOn: async () => {
      const before = ticks().length;
      await until(() => ticks().length > before + 1, { what: "the game ticks on" });
      const gap = ticks().find((tick, at) => tick.pid !== pid || tick.count !== at + 1);
      if (gap !== undefined) throw new Error(`a strange tick: ${JSON.stringify(gap)}`);
    },
  };
}

/** A game with a world of so many bytes, deployed and running. */
export async function runningGame(
  fleet: Fleet,
  regionBytes = 1_000,
  host: Host = fleet.host,
): Promise<RunningGame> {
  const game = await deployedGame(fleet, tickingGame, host);
  await makeWorld(game, regionBytes);
  return await startedGame(fleet, game);
}

type Tick = { readonly pid: number; readonly count: number };

function tickOf(line: string): Tick {
  const [pid, count] = line.split(" ").map(Number);
  return { pid: pid ?? 0, count: count ?? 0 };
}

/** The whole lines of a file in a game's world; none where there is no such file. */
function linesOf({ world }: Game, name: string): readonly string[] {
  try {
    return readFileSync(join(world, name), "utf8").split("\n").slice(0, -1);
  } catch {
    return [];
  }
}
