// Starts PostgreSQL's programs as somebody other than root, which they refuse to be; without this a container's root could not run them.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chown, readdir, stat } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";

/** Starts a program in a session of its own, so that a Ctrl-C meant for its owner does not reach it. Both outputs go to the descriptor. */
export type Launch = (program: string, args: readonly string[], output: number) => ChildProcess;

type User = { readonly uid: number; readonly gid: number };

const NOBODY: User = { uid: 65_534, gid: 65_534 };

/** Its user reads as nobody inside; outside, all files stay theirs. */
const IN_NAMESPACE = ["unshare", "--user", "--map-user=65534", "--map-group=65534"];

/**
 * How to run a program that works on `dir`, which must exist.
 * - An ordinary user runs it directly; one without a name, which initdb asks for, in a user namespace.
 * - Root runs it as the owner of `dir`. Where that is root itself, in a user namespace; and where those are forbidden,
 *   as nobody, to whom `dir` is then given.
 */
export async function unprivilegedLaunch(dir: string): Promise<Launch> {
  if (process.getuid?.() !== 0) {
    return launch(hasName() || !(await works(IN_NAMESPACE)) ? [] : IN_NAMESPACE);
  }
  const owner = await stat(dir);
  if (owner.uid !== 0) return await launchAs(owner);
  if (await works(IN_NAMESPACE)) return launch(IN_NAMESPACE);
  await give(dir, NOBODY);
  return await launchAs(NOBODY);
}

/** Another user cannot pass through closed folders, like root's home, to the programs and the data; keeping one capability mends that. */
async function launchAs({ uid, gid }: User): Promise<Launch> {
  const user = [`--reuid=${uid}`, `--regid=${gid}`, "--clear-groups"];
  const passing = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"];
  // Without it access(2), by which the programs look for one another, leaves the capability out.
  passing.push("--securebits=+no_setuid_fixup");
  const wrapper = ["setpriv", ...user, ...passing];
  return (await works(wrapper)) ? launch(wrapper) : launch([], { uid, gid });
}

function launch(wrapper: readonly string[], user: Partial<User> = {}): Launch {
  return (program, args, output) => {
    const [command, ...rest] = [...wrapper, program, ...args];
    return spawn(command as string, rest, {
      ...user,
      // The caller's own folder may be closed to the other user.
      cwd: "/",
      detached: true,
      stdio: ["ignore", output, output],
    });
  };
}

function hasName(): boolean {
  try {
    return userInfo().username !== "";
  } catch {
    return false;
  }
}

async function works(wrapper: readonly string[]): Promise<boolean> {
  const [command, ...args] = wrapper;
  const probe = spawn(command as string, [...args, "true"], { stdio: "ignore" });
  try {
    const [code] = (await once(probe, "exit")) as [number | null];
    return code === 0;
  } catch {
    return false;
  }
}

async function give(dir: string, { uid, gid }: User): Promise<void> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  for (const entry of entries) await chown(join(entry.parentPath, entry.name), uid, gid);
  await chown(dir, uid, gid);
}
