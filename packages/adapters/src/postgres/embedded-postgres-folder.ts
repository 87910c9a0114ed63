// Makes the data folder of an embedded PostgreSQL in one step that either happened or did not: a half-made folder would never start.
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chown, mkdir, open, readFile, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Fault, wordsOf } from "@manman/core/fault.ts";
import { identityOf, isRunning } from "../linux-process/process-identity.ts";
import { unprivilegedLaunch } from "./unprivileged-launch.ts";

/** Inside the data folder, readable by its owner alone. */
const PASSWORD_FILE = "manman-password";

/**
 * Returns the superuser's password of the folder, which is made first when it is missing or empty.
 * Throws a Fault (rejected) when the folder holds something that is no such data, and (away) when initdb fails.
 */
export async function ensureDataFolder(
  dataDir: string,
  initdb: string,
  durability: "full" | "none",
): Promise<string> {
  const entries = await readdir(dataDir).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return [];
    throw new Fault("rejected", `read ${dataDir}`, cause);
  });
  if (entries.length === 0) await makeDataFolder(dataDir, initdb, durability === "full");
  try {
    return await readFile(join(dataDir, PASSWORD_FILE), "utf8");
  } catch (cause) {
    throw new Fault("rejected", `${dataDir} is not a data folder of this program`, cause);
  }
}

async function makeDataFolder(dataDir: string, initdb: string, durable: boolean): Promise<void> {
  await removeAbandoned(dataDir);
  const workshop = `${dataDir}.new-${process.pid}-${(await identityOf(process.pid))?.startTicks}`;
  const made = join(workshop, "data");
  const password = join(workshop, "password");
  await mkdir(workshop, { recursive: true, mode: 0o700 });
  try {
    await likePrepared(dataDir, workshop);
    const launch = await unprivilegedLaunch(workshop);
    await writePassword(password, workshop);
    const log = await open(join(workshop, "log"), "a+");
    try {
      const user = ["-U", "manman", "--auth=scram-sha-256", "--pwfile", password];
      const how = ["--encoding=UTF8", "--locale=C", ...(durable ? [] : ["--no-sync"])];
      const making = launch(initdb, ["-D", made, ...user, ...how], log.fd);
      const status = await once(making, "exit").then(
        ([code, signal]: (number | string | null)[]) => code ?? signal,
        wordsOf,
      );
      if (status !== 0) {
        const said = (await readFile(join(workshop, "log"), "utf8")).trim();
        throw new Fault("away", `make ${dataDir}: initdb ended with ${status}:\n${said}`);
      }
    } finally {
      await log.close();
    }
    await rename(password, join(made, PASSWORD_FILE));
    if (durable) await syncFolder(made);
    await rename(made, dataDir);
    if (durable) await syncFolder(dirname(dataDir));
  } finally {
    await rm(workshop, { recursive: true, force: true });
  }
}

/** Removes what makers left behind that were killed; an initdb that still runs in there fails by itself. */
async function removeAbandoned(dataDir: string): Promise<void> {
  const parent = dirname(dataDir);
  for (const name of await readdir(parent).catch(() => [])) {
    const [, pid, startTicks] = /^(\d+)-(\d+)$/.exec(afterPrefix(name, dataDir)) ?? [];
    if (pid === undefined || startTicks === undefined) continue;
    if (await isRunning({ pid: Number(pid), startTicks })) continue;
    await rm(join(parent, name), { recursive: true, force: true, maxRetries: 10 });
  }
}

function afterPrefix(name: string, dataDir: string): string {
  const prefix = `${basename(dataDir)}.new-`;
  return name.startsWith(prefix) ? name.slice(prefix.length) : "";
}

/** An empty folder that somebody prepared decides whose the data is. */
async function likePrepared(dataDir: string, workshop: string): Promise<void> {
  const prepared = await stat(dataDir).catch(() => undefined);
  if (prepared === undefined || process.getuid?.() !== 0) return;
  await chown(workshop, prepared.uid, prepared.gid);
}

async function writePassword(path: string, workshop: string): Promise<void> {
  const { uid, gid } = await stat(workshop);
  const file = await open(path, "w", 0o600);
  try {
    await file.writeFile(randomBytes(24).toString("base64url"));
    if (process.getuid?.() === 0) await file.chown(uid, gid);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
