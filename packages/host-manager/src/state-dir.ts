// Where the host manager keeps its own state: all of it in one directory beside the games', nothing in theirs.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "@manman/core/fault.ts";
import { createDurably, readIfPresent } from "./games/durable-file.ts";

export type StateDir = {
  readonly root: string;
  /** Backups to be made and reports to be sent. */
  readonly backups: string;
  /** Session commands to be carried out. */
  readonly commands: string;
  /** How far each game's session commands were taken on. */
  readonly games: string;
  /** What the process runner keeps of each session. */
  readonly sessions: string;
  /** Compiled code of our own that starts sooner; may be removed at any time. */
  readonly compileCache: string;
};

export function stateDirOf(hostDataDir: string): StateDir {
  const root = join(hostDataDir, ".manman");
  return {
    root,
    backups: join(root, "journal", "backups"),
    commands: join(root, "journal", "commands"),
    games: join(root, "journal", "games"),
    sessions: join(root, "sessions"),
    compileCache: join(root, "compile-cache"),
  };
}

/** Throws a Fault that names the variable to mend. */
export async function makeStateDir({ root }: StateDir): Promise<void> {
  try {
    await mkdir(root, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new Fault("rejected", `HOST_DATA_DIR: make ${root}`, error);
  }
}

/** The name under which this installation claims attempts: `newId` at its first start, the same ever after. */
export async function instanceIdIn({ root }: StateDir, newId: () => string): Promise<string> {
  const path = join(root, "instance-id");
  const known = await readIfPresent(path);
  if (known !== undefined) return known.trim();
  await createDurably(path, `${newId()}\n`);
  return ((await readIfPresent(path)) ?? "").trim();
}
