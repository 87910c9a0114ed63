// Makes a directory such as a game server leaves behind, the same for the same seed: a third of the bytes text, JSON and
// SQLite, two thirds region files and media that are compressed already; many tiny files, one large one, and everything odd that a file system allows.
import { mkdirSync, writeFileSync, openSync, writeSync, closeSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { addOddities } from "./world-oddities.ts";
import { SeededRandom } from "./seeded-random.ts";
import { setTimes } from "./set-times.ts";
import { treePaths } from "./tree-paths.ts";

export type WorldSize = {
  seed: number;
  /** Ordinary files; some fifty odd ones come on top. At least 50. */
  files: number;
  /** Bytes in the ordinary files, within a few percent. At least 1 MB. */
  bytes: number;
};

/** Fills `dir`, which must not exist. As root, odd files belong to odd owners; otherwise all belong to the caller. */
export function makeMixedWorld(dir: string, size: WorldSize): void {
  // The caller's umask would otherwise show in the modes.
  const umask = process.umask(0o022);
  try {
    fillWorld(dir, size);
  } finally {
    process.umask(umask);
  }
}

function fillWorld(dir: string, { seed, files, bytes }: WorldSize): void {
  const random = new SeededRandom(seed);
  mkdirSync(dir, { mode: 0o755 });
  const third = bytes / 3;
  const counts = { players: Math.floor(files * 0.6), logs: Math.floor(files * 0.25), databases: 2 };
  const regions = files - counts.players - counts.logs - counts.databases - 1;
  for (const [index, size] of shares(random, counts.players, third * 0.2).entries()) {
    const folder = join(dir, "world/playerdata", String(index % 512).padStart(3, "0"));
    put(folder, `${hex(random)}-${index}.json`, random.json(size));
  }
  for (const [index, size] of shares(random, counts.logs, third * 0.5).entries()) {
    put(join(dir, "logs", `2026-${1 + (index % 12)}`), `${index}.log`, random.logText(size));
  }
  for (let index = 0; index < counts.databases; index += 1) {
    putDatabase(join(dir, "plugins", `plugin-${index}`), random, (third * 0.3) / counts.databases);
  }
  putLargeFile(join(dir, "world"), random, Math.floor(third * 0.4));
  for (const [index, size] of shares(random, regions, third * 1.6).entries()) {
    const [folder, ending] = index % 3 === 0 ? ["media", "ogg"] : ["world/region", "mca"];
    put(
      join(dir, folder, `r${index % 16}`),
      `r.${index}.${hex(random)}.${ending}`,
      random.bytes(size),
    );
  }
  const exact = addOddities(join(dir, "oddities"), random);
  setTimes(treePaths(dir).map((path) => ({ path, mtimeNs: someTime(random) })));
  setTimes(exact);
}

/** Sizes that add up to `total`: most are far below the mean and a few far above it. */
function shares(random: SeededRandom, count: number, total: number): number[] {
  const weights = Array.from({ length: count }, () => (random.next() / 2 ** 32) ** 4 + 0.01);
  const sum = weights.reduce((all, weight) => all + weight, 0);
  return weights.map((weight) => Math.floor((weight / sum) * total));
}

function put(folder: string, name: string, data: Buffer): void {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  writeFileSync(join(folder, name), data, { mode: 0o644 });
}

function putLargeFile(folder: string, random: SeededRandom, sizeBytes: number): void {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const fd = openSync(join(folder, "assets.pak"), "wx", 0o644);
  const pieceBytes = 4 * 1024 * 1024;
  for (let left = sizeBytes; left > 0; left -= pieceBytes) {
    writeSync(fd, random.bytes(Math.min(left, pieceBytes)));
  }
  closeSync(fd);
}

/** No journal is kept, because its random salt would make each database different. */
function putDatabase(folder: string, random: SeededRandom, sizeBytes: number): void {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const database = new DatabaseSync(join(folder, "data.sqlite"));
  database.exec("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA page_size = 4096;");
  database.exec("CREATE TABLE event (id INTEGER PRIMARY KEY, at INTEGER, body TEXT); BEGIN;");
  const insert = database.prepare("INSERT INTO event (at, body) VALUES (?, ?)");
  for (let left = sizeBytes; left > 0; left -= 500) {
    insert.run(random.next(), random.json(480).toString());
  }
  database.exec("COMMIT");
  database.close();
}

/** Between 2023 and 2026, to the nanosecond. */
function someTime(random: SeededRandom): bigint {
  return (
    BigInt(random.between(1_700_000_000, 1_790_000_000)) * 1_000_000_000n +
    BigInt(random.between(0, 999_999_999))
  );
}

function hex(random: SeededRandom): string {
  return random.next().toString(16).padStart(8, "0");
}
