// Gives a test a PostgreSQL of its own, which it may stop, kill and start again on the same port and data.
import {
  postgresProcessesOn,
  stopPostgresOn,
} from "@manman/adapters/postgres/leftover-postgres.ts";
import { startEmbeddedPostgres } from "@manman/adapters/postgres/embedded-postgres.ts";
import { freePort } from "../../scripts/services/free-ports.ts";
import { beginRecord, endRecord, postgresDataDir } from "../../scripts/services/server-record.ts";
import type { PrivateServer } from "./private-server.ts";
import { until } from "./until.ts";

/** Starts one (about a second), which waits for the disk as an operator's does. Committed data survives a kill. */
export async function privatePostgres(): Promise<PrivateServer> {
  const record = await beginRecord(false);
  const dataDir = postgresDataDir(record);
  const port = await freePort();
  let url = "";
  let pid: number | undefined;
  const start = async (): Promise<void> => {
    ({ url, pid } = await startEmbeddedPostgres({ dataDir, port, durability: "full" }));
  };
  const stop = async (): Promise<void> => {
    pid = undefined;
    await stopPostgresOn(dataDir);
  };
  const kill = async (): Promise<void> => {
    if (pid !== undefined) process.kill(pid, "SIGKILL");
    pid = undefined;
    // Its children end by themselves when they see it gone.
    await until(async () => (await postgresProcessesOn(dataDir)).length === 0, {
      what: "PostgreSQL's processes end after a kill",
    });
  };
  const signal = async (name: NodeJS.Signals): Promise<void> => {
    for (const one of await postgresProcessesOn(dataDir)) process.kill(one, name);
  };
  const freeze = async (): Promise<void> => await signal("SIGSTOP");
  const thaw = async (): Promise<void> => await signal("SIGCONT");
  const remove = async (): Promise<void> => {
    await thaw();
    await endRecord(record);
  };
  try {
    await start();
  } catch (cause) {
    await remove();
    throw cause;
  }
  return { url, start, stop, kill, freeze, thaw, remove };
}
