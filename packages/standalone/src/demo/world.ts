// Makes the demo game's world: the kinds of files that a real game server keeps, some megabytes in all.
import { existsSync } from "node:fs";
import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { deflateRawSync } from "node:zlib";
import { seededRandom } from "./seeded-random.ts";

const players = ["ada", "grace", "linus", "margaret", "dennis", "barbara", "ken", "radia"];
const regionSpan = 3;
const regionBytes = 256 * 1_024;
const blocks = ["stone", "dirt", "grass", "oak_log", "water", "sand", "gravel", "iron_ore"];

/** Makes the world at `dir` unless it is there. It appears whole or not at all. */
export async function makeDemoWorld(dir: string): Promise<void> {
  if (existsSync(dir)) return;
  const draft = `${dir}.draft`;
  await rm(draft, { recursive: true, force: true });
  const random = seededRandom(7);
  for (const folder of ["config", "world/region", "world/playerdata", "logs", "mods"]) {
    await mkdir(join(draft, folder), { recursive: true });
  }
  await writeSettings(draft);
  await writePlayers(join(draft, "world/playerdata"), random);
  await writeRegions(join(draft, "world/region"), random);
  await writeFile(join(draft, "logs/server.log"), logLines(random));
  await symlink("../logs/server.log", join(draft, "config/latest.log"));
  createDatabase(join(draft, "world/players.sqlite"));
  await rename(draft, dir);
}

async function writeSettings(dir: string): Promise<void> {
  await writeFile(
    join(dir, "config/server.properties"),
    "name=The demo of ManMan Backup\nmax-players=8\ndifficulty=hard\nview-distance=10\n",
  );
  await writeFile(
    join(dir, "config/ops.json"),
    JSON.stringify([{ name: "ada", level: 4 }], null, 2),
  );
  await writeFile(join(dir, "config/banned-players.json"), "[]\n");
}

async function writePlayers(dir: string, random: () => number): Promise<void> {
  for (const [index, name] of players.entries()) {
    const inventory = Array.from({ length: 27 }, () => ({
      item: pick(blocks, random),
      count: 1 + Math.floor(random() * 64),
    }));
    const position = { x: random() * 1_000, y: 64 + random() * 20, z: random() * 1_000 };
    await writeFile(
      join(dir, `${name}.json`),
      JSON.stringify({ id: index + 1, name, health: 20, position, inventory }, null, 2),
    );
  }
}

/** Region files are compressed by the game already, as real ones are. */
async function writeRegions(dir: string, random: () => number): Promise<void> {
  for (let x = 0; x < regionSpan; x += 1) {
    for (let z = 0; z < regionSpan; z += 1) {
      const chunk = Buffer.alloc(regionBytes);
      for (let offset = 0; offset < regionBytes; offset += 1) {
        chunk[offset] = Math.floor(random() * 200);
      }
      await writeFile(join(dir, `r.${x}.${z}.mca`), deflateRawSync(chunk));
    }
  }
}

function logLines(random: () => number): string {
  const lines = Array.from({ length: 4_000 }, (_, second) => {
    const time = new Date(second * 1_000).toISOString().slice(11, 19);
    return `[${time}] [server] ${pick(players, random)} placed ${pick(blocks, random)}`;
  });
  return `${lines.join("\n")}\n`;
}

function createDatabase(path: string): void {
  const database = new DatabaseSync(path);
  database.exec(`
    pragma journal_mode = wal;
    create table player (name text primary key, score integer not null);
    create table visit (visit_id integer primary key, name text not null, at_ms integer not null, what text not null);
  `);
  const add = database.prepare("insert into player values (?, 0)");
  for (const name of players) add.run(name);
  database.close();
}

function pick<Item>(items: readonly Item[], random: () => number): Item {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new RangeError("nothing to pick from");
  return item;
}
