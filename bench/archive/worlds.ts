// The directories that archives are measured on.
import { mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { makeMixedWorld } from "../../test/worlds/mixed-world.ts";
import { SeededRandom } from "../../test/worlds/seeded-random.ts";
import type { Options } from "./command-line.ts";

export type MeasuredWorld = {
  readonly title: string;
  readonly parent: string;
  readonly name: string;
};

/** Makes those that are generated. */
export function worldsOf(
  { worlds, dirs, files, bytes }: Options,
  scratch: string,
): MeasuredWorld[] {
  const size = `${files} files, ${(bytes / 1e6).toFixed(0)} MB`;
  const made = worlds.map((kind) => {
    const dir = join(scratch, kind);
    if (kind === "mixed") makeMixedWorld(dir, { seed: 1, files, bytes });
    else makeTextWorld(dir, files, bytes);
    return { title: `${kind} (${size})`, parent: scratch, name: kind };
  });
  const own = dirs.map((dir) => {
    const path = resolve(dir);
    return { title: path, parent: dirname(path), name: basename(path) };
  });
  return [...made, ...own];
}

/** Logs and JSON alone: nothing that is compressed already. */
function makeTextWorld(dir: string, files: number, bytes: number): void {
  const random = new SeededRandom(1);
  const mean = bytes / files;
  for (let at = 0; at < files; at += 1) {
    const folder = join(dir, at % 3 === 0 ? "logs" : "players", String(at % 97));
    mkdirSync(folder, { recursive: true });
    const size = random.between(Math.ceil(mean / 4), Math.floor((mean * 7) / 4));
    writeFileSync(join(folder, `${at}`), at % 3 === 0 ? random.logText(size) : random.json(size));
  }
}
