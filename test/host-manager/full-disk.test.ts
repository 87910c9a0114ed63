// A host whose disk is full, on a small file system that really is.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { scratchDirectory } from "./game-world.ts";

const worker = fileURLToPath(new URL("full-disk-worker.ts", import.meta.url));

/** Runs the worker on a file system of its own, which is gone with it. */
async function onSmallDisk(sizeBytes: number): Promise<Record<string, unknown>> {
  const mount = `mount -t tmpfs -o size=${sizeBytes} tmpfs "$1"`;
  const script = `${mount} && exec "$2" "$3" "$1"`;
  const asRoot = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"];
  const shell = ["sh", "-c", script, "sh", await scratchDirectory(), process.execPath, worker];
  const { stdout } = await promisify(execFile)("unshare", [...asRoot, "--mount", ...shell]);
  return JSON.parse(stdout) as Record<string, unknown>;
}

const reserve = 16_777_216;

function handedBack(neededMebibytes: number) {
  return expect.stringMatching(
    new RegExp(
      `^done, handed back: no room for new work: the disk of .*/\\.manman has \\d+\\.\\d MiB of 32\\.0 MiB free, and ${neededMebibytes}\\.0 MiB are needed$`,
    ),
  );
}

test("on a full disk what is under way is written down, nothing new is begun, and all goes on once there is room", async () => {
  const { log, ...seen } = await onSmallDisk(33_554_432);
  expect(seen).toEqual({
    "reserve at first": reserve,
    "first backup": "done",
    "second backup, disk full": handedBack(1),
    "reserve, disk full": reserve,
    "report of the first": true,
    "reserve after the report": 0,
    "third backup, reserve spent": handedBack(20),
    "start, reserve spent": handedBack(20),
    "stop, reserve spent": "done",
    shortage: "",
    "shortage, nothing left": expect.stringMatching(
      /^the disk of .*\.manman is full: \d+ of 33554432 bytes are free$/,
    ),
    "instance id after a restart on the full disk": "an-id",
    "journal after the restart": ["1 reported"],
    "fourth backup, nothing left": handedBack(20),
    "third backup, room again": "done",
    "reserve, room again": reserve,
    "exit record": true,
    "reserve after the exit record": 0,
  });
  expect(log).toEqual([
    "50 disk full: no new work is taken in",
    "50 disk full: the reserve is spent on what is under way",
    "50 disk full: no new work is taken in",
    "30 the reserve is whole: new work is taken in again",
  ]);
});
