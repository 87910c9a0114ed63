import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
} from "@manman/adapters/postgres/embedded-postgres.ts";
import { stopPostgresOn } from "@manman/adapters/postgres/leftover-postgres.ts";
import { Client } from "pg";
import { expect, onTestFinished, test } from "vitest";
import { freePort } from "../../scripts/services/free-ports.ts";
import { until } from "../harness/until.ts";

/** A data folder that does not exist yet, in a folder that goes away with whatever server runs on it. */
async function newDataDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "embedded-postgres-"));
  await chmod(dir, 0o711);
  const dataDir = join(dir, "data");
  onTestFinished(async () => {
    await stopPostgresOn(dataDir);
    await rm(dir, { recursive: true, force: true, maxRetries: 5 });
  });
  return dataDir;
}

async function start(
  dataDir: string,
  options: Partial<EmbeddedPostgresOptions> = { durability: "none" },
): Promise<EmbeddedPostgres> {
  return await startEmbeddedPostgres({ dataDir, port: await freePort(), ...options });
}

async function ask(url: string, statement: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query({ text: statement, rowMode: "array" });
  await client.end();
  return rows.flat();
}

/** Another program, in a process group of its own, that owns a server on that folder. */
function otherOwner(dataDir: string, port: number): ChildProcess {
  const program = join(import.meta.dirname, "embedded-postgres-owner.ts");
  const owner = spawn(process.execPath, [program, dataDir, String(port)], {
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => {
    owner.kill("SIGKILL");
  });
  return owner;
}

async function startedBy(owner: ChildProcess): Promise<{ url: string; pid: number }> {
  const [said] = (await once(owner.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
  return JSON.parse(said.toString()) as { url: string; pid: number };
}

test("data is durable unless asked otherwise, and there after a stop", async () => {
  const dataDir = await newDataDir();
  const first = await start(dataDir, {});
  const durable = "SELECT setting FROM pg_settings WHERE name IN ('fsync', 'full_page_writes')";
  expect(await ask(first.url, durable)).toEqual(["on", "on"]);
  await ask(first.url, "CREATE TABLE kept AS SELECT 42 AS n");
  await first.stop();
  await first.stop();

  const second = await start(dataDir, { durability: "none", settings: { max_connections: "17" } });
  expect(await ask(second.url, durable)).toEqual(["off", "off"]);
  expect(await ask(second.url, "SHOW max_connections")).toEqual(["17"]);
  expect(await ask(second.url, "SELECT n FROM kept")).toEqual([42]);
});

test("nobody gets in without the password", async () => {
  const server = await start(await newDataDir());
  const url = new URL(server.url);
  url.password = "guessed";
  await expect(ask(url.href, "SELECT 1")).rejects.toMatchObject({ code: "28P01" });
});

test("a Ctrl-C at its owner's terminal leaves the server up, and the next start ends it first", async () => {
  const dataDir = await newDataDir();
  const owner = otherOwner(dataDir, await freePort());
  const left = await startedBy(owner);
  await ask(left.url, "CREATE TABLE kept AS SELECT 7 AS n");
  process.kill(-(owner.pid as number), "SIGINT");
  await once(owner, "exit");
  expect(await ask(left.url, "SELECT n FROM kept")).toEqual([7]);

  const next = await start(dataDir);
  expect(next.pid).not.toBe(left.pid);
  expect(await ask(next.url, "SELECT n FROM kept")).toEqual([7]);
  await expect(ask(left.url, "SELECT 1")).rejects.toMatchObject({ code: "ECONNREFUSED" });
});

test("a folder whose owner lives is refused, and its server goes on", async () => {
  const dataDir = await newDataDir();
  const owner = otherOwner(dataDir, await freePort());
  const running = await startedBy(owner);
  await expect(start(dataDir)).rejects.toMatchObject({
    kind: "rejected",
    message: `${dataDir} is in use by process ${owner.pid}: stop that first`,
  });
  expect(await ask(running.url, "SELECT 1")).toEqual([1]);
});

test("an owner that is killed while the folder is being made leaves nothing in the way", async () => {
  const dataDir = await newDataDir();
  const parent = join(dataDir, "..");
  const owner = otherOwner(dataDir, await freePort());
  await until(async () => (await readdir(parent)).some((name) => name.startsWith("data.new-")), {
    what: "the making begins",
  });
  owner.kill("SIGKILL");
  await once(owner, "exit");
  expect(await readdir(parent)).not.toContain("data");

  const server = await start(dataDir);
  expect(await ask(server.url, "SELECT 1")).toEqual([1]);
  expect((await readdir(parent)).toSorted()).toEqual(["data", "data.log"]);
});

test("a start that fails says why in the server's own words, and leaves nothing running", async () => {
  const dataDir = await newDataDir();
  const failed = start(dataDir, { settings: { shared_buffers: "plenty" } });
  await expect(failed).rejects.toMatchObject({
    kind: "away",
    message: expect.stringContaining('invalid value for parameter "shared_buffers": "plenty"'),
  });
  expect(await ask((await start(dataDir)).url, "SELECT 1")).toEqual([1]);
});

test("a server that does not answer in time is ended again", async () => {
  const dataDir = await newDataDir();
  await (await start(dataDir)).stop();
  const elsewhere = { port: String(await freePort()) };
  const failed = start(dataDir, { startSeconds: 0.5, settings: elsewhere });
  await expect(failed).rejects.toMatchObject({
    kind: "away",
    message: expect.stringContaining("no answer in 0.5 s"),
  });
  expect(await readdir(dataDir)).not.toContain("postmaster.pid");
});

test("a folder that holds something else is refused and left as it is", async () => {
  const dataDir = await newDataDir();
  await mkdir(dataDir);
  await writeFile(join(dataDir, "save.dat"), "a world");
  await expect(start(dataDir)).rejects.toMatchObject({ kind: "rejected" });
  expect(await readdir(dataDir)).toEqual(["save.dat"]);
});

test("an empty folder that was prepared for somebody stays theirs", async () => {
  const dataDir = await newDataDir();
  await mkdir(dataDir, { mode: 0o700 });
  // Only root can give a folder away; for everybody else it is their own.
  const uid = process.getuid?.() === 0 ? 65_534 : (await stat(dataDir)).uid;
  if (process.getuid?.() === 0) await chown(dataDir, uid, 65_534);
  const server = await start(dataDir);
  expect(await ask(server.url, "SELECT 1")).toEqual([1]);
  expect((await stat(join(dataDir, "postmaster.pid"))).uid).toBe(uid);
});
