// The games of a soak: deployed on every host, each with a small world that never changes.
import { randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Chance } from "../simulation/chance.ts";
import { environmentName, type Deployment } from "./deployment.ts";

/** Deployed on each host: so many that a game that is asked for is hardly ever still being backed up. */
const gamesPerHost = 20;
const worldBytes = { least: 2_000, most: 200_000 };

/** The ids of the games. */
export async function deployedGames(
  { direct, hosts }: Pick<Deployment, "direct" | "hosts">,
  chance: Chance,
): Promise<readonly bigint[]> {
  const { config } = await direct.createGameConfig({ name: "soak", command: ["true"] });
  const { servers } = await direct.listServers({ pageSize: 100 });
  const games: bigint[] = [];
  for (const { serverName, dataDir } of hosts) {
    const serverId = servers.find(({ name }) => name === serverName)?.serverId;
    if (serverId === undefined) throw new Error(`${serverName} has not registered`);
    for (let count = 0; count < gamesPerHost; count += 1) {
      const answer = await direct.deployGameConfig({
        serverId,
        gameConfigId: config?.configId ?? 0n,
      });
      const sgcId = answer.config?.serverGameConfigId ?? 0n;
      await makeWorld(join(dataDir, `gsc-${environmentName}-${sgcId}`, "game"), chance);
      games.push(sgcId);
    }
  }
  return games;
}

async function makeWorld(world: string, chance: Chance): Promise<void> {
  await mkdir(join(world, "region"), { recursive: true });
  await writeFile(join(world, "server.properties"), "motd=hello\n");
  const bytes = Math.round(chance.spread(worldBytes.least, worldBytes.most));
  // Bytes that do not compress, so that an archive is as large as its world.
  await writeFile(join(world, "region", "r.0.0.mca"), randomBytes(bytes));
}
