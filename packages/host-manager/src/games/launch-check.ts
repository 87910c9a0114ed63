// Why a launch cannot work, found out before anything is spawned: once a program is executed, the system's answer to a missing
// working directory, a missing program and a missing interpreter is the same ENOENT.
import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { isAbsolute, resolve } from "node:path";
import { Fault } from "@manman/core/fault.ts";
import type { GameLaunch } from "./game-runner.ts";

/** Argv and environment together; the system allows about 2 MiB, of which a launcher needs some for what it starts in turn. */
const LAUNCH_BYTES_MAX = 512 * 1024;
/** The names that a shell hands on to what it starts; all others it drops in silence. */
const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** @throws Fault `rejected` for a launch that no host could run. */
export function checkLaunch(launch: GameLaunch): void {
  const reject = (problem: string): never => {
    throw new Fault("rejected", `start session ${launch.sessionId}: ${problem}`);
  };
  const { argv, env, workingDirectory } = launch;
  if ((argv[0] ?? "") === "") reject("argv names no program");
  if (!isAbsolute(workingDirectory)) {
    reject(`the working directory "${workingDirectory}" is not absolute`);
  }
  const badName = Object.keys(env).find((name) => !VARIABLE_NAME.test(name));
  if (badName !== undefined) reject(`"${badName}" cannot be a variable's name`);
  const texts = [...argv, ...Object.entries(env).flat(), workingDirectory];
  if (texts.some((text) => text.includes("\0"))) reject("a NUL character in argv or env");
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 1, 0);
  if (bytes > LAUNCH_BYTES_MAX) {
    reject(`argv and env are ${bytes} bytes, more than ${LAUNCH_BYTES_MAX}`);
  }
}

/** @throws Fault `missing` or `rejected` when this host cannot run `launch` as things stand. `path` is the game's PATH. */
export async function checkProgram(launch: GameLaunch, path: string): Promise<void> {
  const { argv, workingDirectory } = launch;
  const [program = ""] = argv;
  const isDirectory = await stat(workingDirectory).then(
    (found) => found.isDirectory(),
    () => undefined,
  );
  if (isDirectory === undefined) {
    throw new Fault("missing", `the working directory ${workingDirectory} does not exist`);
  }
  if (!isDirectory) throw new Fault("rejected", `${workingDirectory} is not a directory`);

  const directories = program.includes("/") ? ["."] : path.split(":");
  const candidates = directories.map((each) => resolve(workingDirectory, each, program));
  const found = await Promise.all(candidates.map(fitness));
  if (found.includes("fit")) return;
  if (found.includes("unfit")) {
    throw new Fault("rejected", `the program ${program} is not an executable file`);
  }
  throw new Fault(
    "missing",
    `the program ${program} does not exist in ${program.includes("/") ? workingDirectory : path}`,
  );
}

async function fitness(file: string): Promise<"fit" | "unfit" | "missing"> {
  try {
    if (!(await stat(file)).isFile()) return "unfit";
  } catch {
    return "missing";
  }
  return await access(file, constants.X_OK).then(
    () => "fit",
    () => "unfit",
  );
}
