// Starts PostgreSQL's programs as somebody other than root, which they refuse to be; without this a container's root could not run them.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chown, readdir, stat } from "node:fs/promises";
import { join } from "node:path";

/** Starts a program in a session of its own, so that a Ctrl-C meant for its owner does not reach it. Both outputs go to the descriptor. */
export type Launch = (program: string, args: readonly string[], output: number) => ChildProcess;

const NOBODY = 65_534;
const AS_NOBODY = ["--user", `--map-user=${NOBODY}`, `--map-group=${NOBODY}`];

/**
 * How to run a program that works on `dir`, which must exist.
 * An ordinary user runs it directly. Root runs it as the folder's owner; where that is root itself, inside a user namespace
 * in which root reads as nobody, and where namespaces are forbidden, as nobody, to whom the folder is then given.
 */
export async function unprivilegedLaunch(dir: string): Promise<Launch> {
  if (process.getuid?.() !== 0) return launch(() => []);
  const owner = await stat(dir);
  if (owner.uid !== 0) return launch(() => [], { uid: owner.uid, gid: owner.gid });
  if (await namespacesAllowed()) return launch((program) => ["unshare", ...AS_NOBODY, program]);
  await giveAway(dir);
  return launch(() => [], { uid: NOBODY, gid: NOBODY });
}

function launch(
  wrapped: (program: string) => readonly string[],
  as: { uid?: number; gid?: number } = {},
): Launch {
  return (program, args, output) => {
    const [command = program, ...before] = wrapped(program);
    // The caller's own folder may be closed to the other user.
    return spawn(command, [...before, ...args], {
      ...as,
      cwd: "/",
      detached: true,
      stdio: ["ignore", output, output],
    });
  };
}

async function namespacesAllowed(): Promise<boolean> {
  const probe = spawn("unshare", [...AS_NOBODY, "true"], { stdio: "ignore" });
  try {
    const [code] = (await once(probe, "exit")) as [number | null];
    return code === 0;
  } catch {
    return false;
  }
}

async function giveAway(dir: string): Promise<void> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  for (const entry of entries) await chown(join(entry.parentPath, entry.name), NOBODY, NOBODY);
  await chown(dir, NOBODY, NOBODY);
}
