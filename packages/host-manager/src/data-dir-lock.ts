// Keeps a second host manager off a data directory: two of them would carry out every command twice. Node has no file locks of its own, but
// SQLite's are the kernel's: whoever dies lets go, in whatever container, and nothing is left behind to clear away.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Fault } from "@manman/core/fault.ts";
import { isFull } from "./reserve-file.ts";

export type DataDirLock = { release(): void };

const sqliteBusy = 5;

/** Locks a state directory that exists. Throws a Fault `rejected` that names the process which has it. */
export function lockDataDir(stateDir: string): DataDirLock {
  const pidFile = join(stateDir, "host-manager.pid");
  const database = new DatabaseSync(join(stateDir, "host-manager.lock"), { timeout: 0 });
  try {
    database.exec("begin exclusive");
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode !== sqliteBusy) throw error;
    const holder = holderIn(pidFile);
    throw new Fault("rejected", `${stateDir} is in use by another host manager${holder}`);
  }
  try {
    writeFileSync(pidFile, `${process.pid}\n`);
  } catch (error) {
    // The pid is for people; the lock holds on a full disk too.
    if (!isFull(error)) throw error;
  }
  return { release: () => database.close() };
}

/** In a container, the pid is the one that the holder has in its own. */
function holderIn(pidFile: string): string {
  try {
    return `, process ${readFileSync(pidFile, "utf8").trim()}`;
  } catch {
    return "";
  }
}
