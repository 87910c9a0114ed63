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
  /** What is run before, and not measured: makes what a repository needs to take a backup. */
  readonly prepare?: (parent: string, name: string, out: string) => string;
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
  const peers: [string, () => Promise<Contender | Contender[]>][] = [
    ["tar | gzip", async () => piped("tar | gzip -6", quoted([there("gzip"), "-6"]))],
    ["tar | pigz", async () => piped("tar | pigz -6", quoted([await fetched("pigz"), "-6"]))],
    ["tar | zstd", async () => piped("tar | zstd -3 -T2", `${quoted([there("zstd")])} -3 -T2 -q`)],
    ["restic", async () => restic(await fetched("restic", "version"), scratch)],
    ["borg", async () => borg(there("borg"), scratch)],
  ];
  for (const [name, find] of peers) {
    try {
      ready.push(...[await find()].flat());
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

/** First and second backup into a repository on the same disk, as it comes: encrypted, and compressed with zstd. */
function restic(program: string, scratch: string): Contender[] {
  const environment = { RESTIC_PASSWORD: "bench", RESTIC_CACHE_DIR: join(scratch, "restic-cache") };
  const init = (out: string): string => quoted([program, "-q", "-r", out, "init"]);
  const backup = (parent: string, name: string, out: string): string =>
    quoted([program, "-q", "-r", out, "backup", join(parent, name)]);
  return repository("restic", environment, init, backup, backup);
}

/** Likewise, not encrypted, and compressed with lz4. */
function borg(program: string, scratch: string): Contender[] {
  const environment = {
    BORG_BASE_DIR: join(scratch, "borg"),
    BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: "yes",
  };
  const init = (out: string): string => quoted([program, "init", "-e", "none", out]);
  const create =
    (archive: string) =>
    (parent: string, name: string, out: string): string =>
      quoted([program, "create", `${out}::${archive}`, join(parent, name)]);
  return repository("borg", environment, init, create("first"), create("second"));
}

function repository(
  name: string,
  environment: NodeJS.ProcessEnv,
  init: (out: string) => string,
  first: Contender["command"],
  second: Contender["command"],
): Contender[] {
  return [
    {
      name: `${name}, first backup`,
      environment,
      prepare: (_parent, _name, out) => init(out),
      command: first,
    },
    {
      name: `${name}, second backup`,
      environment,
      prepare: (...where) => `${init(where[2])} && ${first(...where)}`,
      command: second,
    },
  ];
}

function there(program: string, versionArgument = "--version"): string {
  const { status } = spawnSync(program, [versionArgument], { stdio: "ignore" });
  if (status !== 0) throw new Error("it is not installed");
  return program;
}

/** Installed, or unpacked from Debian's package of the same name. */
async function fetched(program: string, versionArgument?: string): Promise<string> {
  try {
    return there(program, versionArgument);
  } catch {
    const path = `/usr/bin/${program}`;
    return join(await debianPrograms([program], [path]), path);
  }
}

function quoted(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(" ");
}
