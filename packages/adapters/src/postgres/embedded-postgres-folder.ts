// Makes the data folder of an embedded PostgreSQL in one step that either happened or did not: a half-made folder would never start.
import { once } from "node:events";
import { randomBytes } from "node:crypto";
import { chmod, chown, mkdir, open, readFile, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Fault, wordsOf } from "@manman/core/fault.ts";
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
  if (entries.length === 0) await makeDataFolder(dataDir, initdb, durability);
  try {
    return await readFile(join(dataDir, PASSWORD_FILE), "utf8");
  } catch (cause) {
    throw new Fault("rejected", `${dataDir} is not a data folder of this program`, cause);
  }
}

async function makeDataFolder(
  dataDir: string,
  initdb: string,
  durability: "full" | "none",
): Promise<void> {
  const making = `${dataDir}.initdb`;
  const passwordPath = `${making}-password`;
  const logPath = `${making}.log`;
  // Left behind by an initdb that was killed.
  await rm(making, { recursive: true, force: true });
  await mkdir(making, { recursive: true, mode: 0o700 });
  await takeOwnerOf(dataDir, making);
  const log = await open(logPath, "w", 0o600);
  try {
    const launch = await unprivilegedLaunch(making);
    const { uid, gid } = await stat(making);
    await writePassword(passwordPath, uid, gid);
    const user = ["-U", "manman", "--auth=scram-sha-256", "--pwfile", passwordPath];
    const how = ["--encoding=UTF8", "--locale=C", ...(durability === "none" ? ["--no-sync"] : [])];
    const made = launch(initdb, ["-D", making, ...user, ...how], log.fd);
    const status = await once(made, "exit").then(
      ([code, signal]: (number | string | null)[]) => code ?? signal,
      wordsOf,
    );
    if (status !== 0) {
      const said = (await readFile(logPath, "utf8")).trim();
      throw new Fault("away", `make ${dataDir}: initdb ended with ${status}:\n${said}`);
    }
  } finally {
    await log.close();
  }
  await rename(passwordPath, join(making, PASSWORD_FILE));
  if (durability === "full") await syncFolder(making);
  await rename(making, dataDir);
  if (durability === "full") await syncFolder(dirname(dataDir));
  await rm(logPath, { force: true });
}

/** An empty folder that somebody prepared keeps its owner. */
async function takeOwnerOf(dataDir: string, making: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const prepared = await stat(dataDir).catch(() => undefined);
  if (prepared !== undefined) await chown(making, prepared.uid, prepared.gid);
}

async function writePassword(path: string, uid: number, gid: number): Promise<void> {
  await rm(path, { force: true });
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(randomBytes(24).toString("base64url"));
    if (process.getuid?.() === 0) await file.chown(uid, gid);
    await file.sync();
  } finally {
    await file.close();
  }
  await chmod(path, 0o600);
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
