// What the figures were measured on, without which they mean nothing.
import { execFile } from "node:child_process";
import { open, rm, statfs } from "node:fs/promises";
import { arch, availableParallelism, cpus, release, totalmem, type as systemName } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { connect } from "amqplib";
import { Client } from "pg";
import { median } from "./figures.ts";

/** Lines of a table: what, and its value. */
export type MachineFacts = Readonly<Record<string, string>>;

/** `dir` is a folder on the disk that PostgreSQL writes to. */
export async function machineFacts(
  dir: string,
  databaseUrl: string,
  brokerUrl: string,
): Promise<MachineFacts> {
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: await commit(),
    cpu: `${cpus()[0]?.model.trim() ?? arch()}, ${availableParallelism()} cores`,
    memory: `${(totalmem() / 1e9).toFixed(1)} GB`,
    kernel: `${systemName()} ${release()}`,
    disk: `${await fileSystem(dir)}; 8 KiB written and on disk (fdatasync) in ${await syncMs(dir)} ms`,
    node: process.version,
    ...(await postgresFacts(databaseUrl)),
    rabbitmq: await rabbitMqVersion(brokerUrl),
  };
}

async function commit(): Promise<string> {
  try {
    const changes = await git("status", "--porcelain", "--untracked-files=no");
    return `${await git("rev-parse", "--short=10", "HEAD")}${changes === "" ? "" : " with changes"}`;
  } catch {
    return "unknown";
  }
}

async function git(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)("git", ["-C", import.meta.dirname, ...args]);
  return stdout.trim();
}

const fileSystems: Readonly<Record<number, string>> = {
  0xef53: "ext4",
  0x58465342: "xfs",
  0x9123683e: "btrfs",
  0x2fc12fc1: "zfs",
  0x01021994: "tmpfs (memory)",
  0x794c7630: "overlayfs",
};

async function fileSystem(dir: string): Promise<string> {
  const { type } = await statfs(dir);
  return fileSystems[type] ?? `file system 0x${type.toString(16)}`;
}

/** The median of 200 writes. */
async function syncMs(dir: string): Promise<string> {
  const path = join(dir, "sync-probe");
  const file = await open(path, "w");
  try {
    const block = Buffer.alloc(8_192, 1);
    const times: number[] = [];
    for (let write = 0; write < 200; write += 1) {
      const beganMs = performance.now();
      await file.write(block, 0, block.length, write * block.length);
      await file.datasync();
      times.push(performance.now() - beganMs);
    }
    return median(times).toFixed(2);
  } finally {
    await file.close();
    await rm(path);
  }
}

const settings = [
  "fsync",
  "synchronous_commit",
  "full_page_writes",
  "shared_buffers",
  "max_wal_size",
] as const;

async function postgresFacts(databaseUrl: string): Promise<Record<string, string>> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const ask = async (name: string): Promise<string> => {
      const { rows } = await client.query<{ value: string }>(
        "select current_setting($1) as value",
        [name],
      );
      return rows[0]?.value ?? "unknown";
    };
    const values: string[] = [];
    for (const name of settings) values.push(`${name} ${await ask(name)}`);
    return { postgresql: `${await ask("server_version")}; ${values.join(", ")}` };
  } finally {
    await client.end();
  }
}

async function rabbitMqVersion(brokerUrl: string): Promise<string> {
  const connection = await connect(brokerUrl);
  try {
    return connection.connection.serverProperties.version;
  } finally {
    await connection.close();
  }
}
