// Runs a PostgreSQL of its own from the registry's programs, for whoever has none: the standalone mode and the tests.
import type { ChildProcess } from "node:child_process";
import { open, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { Fault, wordsOf } from "@manman/core/fault.ts";
import { Client } from "pg";
import { ensureDataFolder } from "./embedded-postgres-folder.ts";
import { stopPostgresOn, takeOwnership } from "./leftover-postgres.ts";
import { findPostgresBinaries } from "./postgres-binaries.ts";
import { unprivilegedLaunch } from "./unprivileged-launch.ts";

export type EmbeddedPostgresOptions = {
  /** Absolute path of the data folder; made when it is missing or empty. The server's log lies beside it, at `<dataDir>.log`. */
  readonly dataDir: string;
  /** TCP port on 127.0.0.1; must be free. */
  readonly port: number;
  /** "full" (the default) survives a power cut; "none" survives the server's death only, never waits for the disk, and is for tests. */
  readonly durability?: "full" | "none";
  /** Server settings by their PostgreSQL names, stronger than the defaults here. */
  readonly settings?: Readonly<Record<string, string>>;
  /** How long the first answer may take, crash recovery included; 120 by default. */
  readonly startSeconds?: number;
};

export type EmbeddedPostgres = {
  /** Connection string of the superuser `manman`, with its password, to the database `postgres`. */
  readonly url: string;
  /** The server's process id on this machine. */
  readonly pid: number;
  /** Fast shutdown: open transactions are rolled back, all else is on disk when this returns. A second call changes nothing. */
  readonly stop: () => Promise<void>;
};

const LOG_BYTES_MAX = 16 * 1024 * 1024;
const LOG_TAIL_BYTES = 4096;

/**
 * Starts the server and returns once it answers. It outlives this program when that is killed; the next start on the same
 * folder ends it first. Throws a Fault: `missing` without the programs, `rejected` when the folder is in use by a living
 * program or holds something else, `away` (with the end of the server's log) when the server does not come up.
 */
export async function startEmbeddedPostgres(
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const { dataDir, port } = options;
  const durability = options.durability ?? "full";
  const binaries = await findPostgresBinaries();
  const password = await ensureDataFolder(dataDir, binaries.initdb, durability);
  await takeOwnership(dataDir);
  await stopPostgresOn(dataDir);
  const url = `postgres://manman:${password}@127.0.0.1:${port}/postgres`;
  const log = await openLog(`${dataDir}.log`);
  try {
    const launch = await unprivilegedLaunch(dataDir);
    const args = ["-D", dataDir, ...serverArguments(port, durability, options.settings ?? {})];
    const server = launch(binaries.postgres, args, log.descriptor);
    const startError = await untilAnswering(url, server, options.startSeconds ?? 120);
    if (startError !== undefined) {
      // Too early in its start it has not named itself in its folder yet.
      server.kill("SIGINT");
      await stopPostgresOn(dataDir);
      throw new Fault("away", `start PostgreSQL on ${dataDir}`, await log.withTail(startError));
    }
    server.unref();
    // The launcher replaces itself with the server, so the pid is the server's own.
    return { url, pid: server.pid as number, stop: async () => await stopPostgresOn(dataDir) };
  } finally {
    await log.close();
  }
}

function serverArguments(
  port: number,
  durability: "full" | "none",
  settings: Readonly<Record<string, string>>,
): string[] {
  const all = {
    listen_addresses: "127.0.0.1",
    port: String(port),
    unix_socket_directories: "",
    // Otherwise one line every few minutes, for ever.
    log_checkpoints: "off",
    // What was committed still survives the server's death, since the system holds it.
    ...(durability === "none" ? { fsync: "off", full_page_writes: "off" } : {}),
    ...settings,
  };
  return Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

/** Undefined once the server answers, otherwise why it does not. */
async function untilAnswering(
  url: string,
  server: ChildProcess,
  seconds: number,
): Promise<string | undefined> {
  const deadline = performance.now() + seconds * 1000;
  let spawnError: Error | undefined;
  server.once("error", (error) => (spawnError = error));
  for (;;) {
    const client = new Client({ connectionString: url, connectionTimeoutMillis: 5000 });
    // A server that goes away in mid-handshake also emits an error, which would otherwise end this program.
    client.on("error", () => {});
    try {
      await client.connect();
      await client.end();
      return undefined;
    } catch (error) {
      if (spawnError !== undefined) return wordsOf(spawnError);
      const status = server.exitCode ?? server.signalCode;
      if (status !== null) return `it ended with ${status}`;
      if (performance.now() > deadline) return `no answer in ${seconds} s (${wordsOf(error)})`;
      await sleep(20);
    }
  }
}

type ServerLog = {
  readonly descriptor: number;
  /** A sentence with the path and what the server wrote since this start, at most 4 KiB of it. */
  readonly withTail: (why: string) => Promise<string>;
  readonly close: () => Promise<void>;
};

async function openLog(path: string): Promise<ServerLog> {
  const size = await open(path, "a").then(async (file) => {
    const { size: bytes } = await file.stat();
    if (bytes > LOG_BYTES_MAX) await file.truncate(0);
    await file.close();
    return bytes > LOG_BYTES_MAX ? 0 : bytes;
  });
  const file = await open(path, "a");
  return {
    descriptor: file.fd,
    withTail: async (why) => {
      const written = (await readFile(path)).subarray(size);
      return `${why}; ${path} ends with:\n${written.subarray(-LOG_TAIL_BYTES).toString().trim()}`;
    },
    close: async () => await file.close(),
  };
}
