// What is compared: command lines that pack a directory into a file, ours and those of the tools that people use today.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { wordsOf } from "@manman/core/fault.ts";
import { debianPrograms } from "../../scripts/services/debian-packages.ts";

/** Packs the directory `parent`/`name` into `out`. */
export type Contender = {
  readonly name: string;
  /** What is run, by a shell that fails where any program of a pipe does. */
  readonly command: (parent: string, name: string, out: string) => string;
  readonly environment: NodeJS.ProcessEnv;
};

export type Contenders = {
  readonly ready: readonly Contender[];
  /** Why each of the others cannot be measured. */
  readonly missing: readonly string[];
};

const oursMain = join(import.meta.dirname, "pack-main.ts");
const nodeTarMain = join(import.meta.dirname, "node-tar-main.ts");

/** `scratch`: where the compiled code of Node programs is kept, as the host manager keeps that of its packers. */
export async function contenders(scratch: string): Promise<Contenders> {
  const node = { NODE_COMPILE_CACHE: join(scratch, "compile-cache") };
  const ours = (codec: string): Contender => ({
    name: `ours, ${codec}`,
    command: (parent, name, out) =>
      quoted([process.execPath, oursMain, ...codec.split(" "), join(parent, name), out]),
    environment: node,
  });
  const ready = [ours("gzip 6"), ours("zstd 3"), ours("none")];
  const missing: string[] = [];
  const peers: [string, () => Promise<Contender>][] = [
    ["tar | gzip", async () => piped("tar | gzip -6", quoted([there("gzip"), "-6"]))],
    ["tar | pigz", async () => piped("tar | pigz -6", quoted([await pigz(), "-6"]))],
    ["tar | zstd", async () => piped("tar | zstd -3 -T2", `${quoted([there("zstd")])} -3 -T2 -q`)],
  ];
  for (const [name, find] of peers) {
    try {
      ready.push(await find());
    } catch (error) {
      missing.push(`${name}: ${wordsOf(error)}`);
    }
  }
  ready.push({
    name: "node-tar, gzip 6",
    command: (parent, name, out) => quoted([process.execPath, nodeTarMain, parent, name, out]),
    environment: node,
  });
  return { ready, missing };
}

function piped(name: string, compressor: string): Contender {
  return {
    name,
    command: (parent, dir, out) =>
      `${quoted(["tar", "-C", parent, "-cf", "-", dir])} | ${compressor} > ${quoted([out])}`,
    environment: {},
  };
}

function there(program: string): string {
  const { status } = spawnSync(program, ["--version"], { stdio: "ignore" });
  if (status !== 0) throw new Error("it is not installed");
  return program;
}

async function pigz(): Promise<string> {
  try {
    return there("pigz");
  } catch {
    const root = await debianPrograms(["pigz"], ["/usr/bin/pigz"]);
    return join(root, "/usr/bin/pigz");
  }
}

function quoted(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(" ");
}
