// One run of the simulation: builds the world of a seed, lets faults and callers loose, heals everything, waits until all is quiet, and
// says which promises were broken.
import { startCaller } from "./callers.ts";
import { chanceOf } from "./chance.ts";
import { Chaos } from "./chaos.ts";
import type { Defect } from "./defects/defect.ts";
import { startOperator } from "./operator.ts";
import { resetRuns } from "./packer.ts";
import { planOf, quietWithinMs } from "./plan.ts";
import { SimWorld } from "./world.ts";

export type RunResult = {
  readonly seed: number;
  /** Broken promises, the first one first; empty where all were kept. */
  readonly broken: readonly string[];
  /** The same for each run of the same seed. */
  readonly digest: string;
  readonly trace: readonly string[];
  readonly events: number;
  readonly virtualMs: number;
  readonly backups: Readonly<Record<string, number>>;
};

const quietCheckMs = 5_000;

export async function runSeed(
  seed: number,
  { defect, keepTrace = false }: { readonly defect?: Defect; readonly keepTrace?: boolean } = {},
): Promise<RunResult> {
  const chance = chanceOf(seed);
  const plan = planOf(chance.stream("plan"));
  resetRuns();
  const world = new SimWorld(chance.stream("world"), plan, defect, keepTrace);
  const { time, promises, trace } = world;
  const isBroken = (): boolean => promises.broken.list.length > 0;
  for (const place of world.places) world.start(place);
  const isReady = (): boolean => world.serverIds.size === plan.hosts;
  await time.runUntil(60_000, () => isReady() || isBroken());
  const sgcIds = deploy(world, plan.gamesOfEach);
  const chaos = new Chaos(world, chance.stream("chaos"), plan);
  const untilMs = time.nowMs + plan.chaosMs;
  chaos.start();
  const callers = Array.from({ length: plan.callers }, (_, n) =>
    startCaller(world, `caller${n + 1}`, { sgcIds, everyMs: plan.wishEveryMs, untilMs }),
  );
  startOperator(world, untilMs);
  await time.runUntil(untilMs, isBroken);
  chaos.heal();
  trace.note("healed", "");
  const quietUntilMs = time.nowMs + quietWithinMs;
  const unfinished = (): string | null =>
    callers.some(({ isBusy }) => isBusy()) ? "callers wait" : world.unfinished();
  while (!isBroken() && unfinished() !== null && time.nowMs < quietUntilMs) {
    await time.runUntil(time.nowMs + quietCheckMs, isBroken);
  }
  if (!isBroken()) {
    const open = unfinished();
    if (open !== null) promises.broken.stuck(open);
    promises.checkEnd();
  }
  // Whoever still waits waits for ever, and is collected.
  for (const place of world.places) world.kill(place);
  time.clear();
  const backups: Record<string, number> = {};
  for (const { backup } of world.tables.backups.values()) {
    backups[backup.status] = (backups[backup.status] ?? 0) + 1;
  }
  return {
    seed,
    broken: promises.broken.list,
    digest: trace.digest(),
    trace: trace.lines,
    events: time.count,
    virtualMs: Math.round(time.nowMs),
    backups,
  };
}

/** Games on each host, made around the API: how they come about is not what is examined here. */
function deploy(world: SimWorld, gamesOfEach: number): readonly bigint[] {
  const { tables } = world;
  const configId = 1_000_000n;
  tables.configs.set(configId, {
    configId,
    gameId: 1n,
    name: "demo",
    image: "",
    argsTemplate: "",
    envTemplate: {},
    entrypoint: ["demo"],
    command: [],
  });
  const sgcIds: bigint[] = [];
  for (const serverId of [...world.serverIds.keys()].toSorted((a, b) => Number(a - b))) {
    for (let n = 0; n < gamesOfEach; n += 1) {
      const sgcId = serverId * 100n + 1_000_001n + BigInt(n);
      const game = { sgcId, serverId, configId, portBindings: [], status: "active" } as const;
      tables.games.set(sgcId, { game, commandSequence: 0n });
      sgcIds.push(sgcId);
    }
  }
  return sgcIds;
}
