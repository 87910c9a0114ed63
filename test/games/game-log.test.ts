import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rotateGameLog } from "@manman/host-manager/games/game-log.ts";
import { afterEach, beforeEach, expect, test } from "vitest";

let directory = "";
let log = "";

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "game-log-"));
  log = join(directory, "game.log");
});
afterEach(async () => await rm(directory, { recursive: true, force: true }));

test("a log within its bound is left alone, and one that does not exist is none", async () => {
  rotateGameLog(log, 4);
  await writeFile(log, "abcd");
  rotateGameLog(log, 4);

  expect(await readFile(log, "utf8")).toBe("abcd");
  await expect(readFile(`${log}.1`)).rejects.toMatchObject({ code: "ENOENT" });
});

test("of a log beyond its bound the newest bytes are kept aside, in place of those before", async () => {
  await writeFile(`${log}.1`, "older");
  await writeFile(log, "abcdefgh");

  rotateGameLog(log, 4);
  await appendFile(log, "i");

  expect(await readFile(`${log}.1`, "utf8")).toBe("efgh");
  expect(await readFile(log, "utf8")).toBe("i");
});

test("where nothing can be kept aside, the bound is kept all the same", async () => {
  await writeFile(log, "abcdefgh");
  // Nothing can be renamed onto a directory.
  await mkdir(`${log}.1`);

  rotateGameLog(log, 4);

  expect(await readFile(log, "utf8")).toBe("");
});
