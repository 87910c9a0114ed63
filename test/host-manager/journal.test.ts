// The journals on a real disk: what they promise when the process dies, the disk refuses, or a file is broken.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { BackupJournal } from "@manman/host-manager/journal/backup-journal.ts";
import { SessionJournal } from "@manman/host-manager/journal/session-journal.ts";
import { expect, test } from "vitest";
import { backupCommand, inputCommand, startCommand } from "./commands.ts";
import { scratchDirectory } from "./game-world.ts";
import { recordedLog } from "./recorded-log.ts";

const { log } = recordedLog();
const atMs = (nowMs: number) => ({ nowMs: () => nowMs, sleep: async () => undefined });

test("what was taken on is still there after the process was killed, at whatever moment", async () => {
  const writer = fileURLToPath(new URL("journal-writer.ts", import.meta.url));
  for (const killAfter of [1, 2, 7, 20]) {
    const directory = await scratchDirectory();
    const child = spawn(process.execPath, [writer, directory], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let said = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      said = Number(line);
      if (said >= killAfter) child.kill("SIGKILL");
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    expect(child.signalCode).toBe("SIGKILL");

    const { backups, sessions } = await openBoth(directory);

    for (let id = 1; id <= said; id += 1) {
      expect(backups.get(BigInt(id))?.command.backupId).toBe(BigInt(id));
      // Input is taken on by its number alone.
      const again = await sessions.accept(inputCommand("list\n", { sequence: BigInt(id) }));
      expect(again).toEqual({ dropped: expect.stringContaining("is not above") });
    }
    const finished = Math.floor(said / 3);
    const open = backups.unfinished().length;
    expect(open).toBeGreaterThanOrEqual(said - finished - 1);
    expect(open).toBeLessThanOrEqual(said - finished + 2);
  }
});

test("a backup is told apart by its attempt, and positions go on after a restart", async () => {
  const directory = await scratchDirectory();
  const first = await openBoth(directory);
  expect(await first.backups.accept(backupCommand({ backupId: 5n, attempt: 2 }))).toBe("new");
  expect(await first.backups.accept(backupCommand({ backupId: 6n }))).toBe("new");

  const { backups } = await openBoth(directory);
  expect(await backups.accept(backupCommand({ backupId: 5n, attempt: 2 }))).toBe("known");
  expect(await backups.accept(backupCommand({ backupId: 5n, attempt: 1 }))).toBe("older");
  expect(backups.unfinished().map(({ command }) => command.backupId)).toEqual([5n, 6n]);
  expect(await backups.accept(backupCommand({ backupId: 5n, attempt: 3 }))).toBe("new");
  expect(backups.unfinished().map(({ command }) => command.backupId)).toEqual([6n, 5n]);
  expect(await backups.report(5n, 2, reportOf(5n, 2))).toBe(false);
  expect(await backups.close(5n, 2, "stale")).toBe(false);
  expect(backups.get(5n)?.state.kind).toBe("accepted");
});

test("a report replaces the work, and a closed backup is remembered for an hour", async () => {
  const directory = await scratchDirectory();
  const { backups } = await openBoth(directory, 1_000_000);
  await backups.accept(backupCommand({ backupId: 5n }));
  expect(await backups.report(5n, 1, reportOf(5n, 1))).toBe(true);
  const restarted = (await openBoth(directory, 1_000_000)).backups;
  expect(restarted.unfinished().map(({ state }) => state)).toEqual([
    { kind: "reported", report: reportOf(5n, 1) },
  ]);
  expect(await restarted.close(5n, 1, "reported")).toBe(true);
  expect(restarted.unfinished()).toEqual([]);
  expect(await restarted.accept(backupCommand({ backupId: 5n }))).toBe("known");

  const later = (await openBoth(directory, 1_000_000 + 3_600_001)).backups;
  await later.accept(backupCommand({ backupId: 6n }));
  await later.close(6n, 1, "reported");
  expect(later.get(5n)).toBeUndefined();
  expect(await readdir(join(directory, "backups"))).toEqual(["6.json"]);
});

test("a disk that refuses is away, and nothing counts as taken on", async () => {
  const directory = await scratchDirectory();
  const { backups, sessions } = await openBoth(directory);
  await rename(join(directory, "backups"), join(directory, "gone"));
  await rename(join(directory, "commands"), join(directory, "gone too"));
  const command = backupCommand({ backupId: 5n });
  await expect(backups.accept(command)).rejects.toMatchObject({ name: "Fault", kind: "away" });
  expect(backups.get(5n)).toBeUndefined();
  const start = startCommand({ sequence: 1n });
  await expect(sessions.accept(start)).rejects.toMatchObject({ name: "Fault", kind: "away" });

  await rename(join(directory, "gone"), join(directory, "backups"));
  await rename(join(directory, "gone too"), join(directory, "commands"));
  expect(await backups.accept(command)).toBe("new");
  expect(await sessions.accept(start)).toEqual({ pending: { position: 1, command: start } });
});

test("a broken file is set aside and named, and the others count", async () => {
  const directory = await scratchDirectory();
  const { backups, sessions } = await openBoth(directory);
  await backups.accept(backupCommand({ backupId: 5n }));
  await sessions.accept(startCommand({}));
  await writeFile(join(directory, "backups", "6.json"), '{"position":2}');
  await writeFile(join(directory, "commands", "2.json"), "{");
  await writeFile(join(directory, "games", "42.json"), "[]");
  const recorded = recordedLog();

  const restarted = await openBoth(directory, 0, recorded.log);

  expect(restarted.backups.unfinished()).toHaveLength(1);
  expect(restarted.sessions.pending()).toHaveLength(1);
  expect(recorded.lines.map((line) => line["file"])).toEqual([
    join(directory, "backups", "broken", "6.json"),
    join(directory, "games", "broken", "42.json"),
    join(directory, "commands", "broken", "2.json"),
  ]);
});

test("a start that is delivered again after its game has ended is dropped", async () => {
  const directory = await scratchDirectory();
  const { sessions } = await openBoth(directory);
  const taken = await sessions.accept(startCommand({ sessionId: 456n }));
  if ("dropped" in taken) throw new Error(taken.dropped);
  await sessions.settle(taken.pending);
  expect(sessions.pending()).toEqual([]);

  const restarted = (await openBoth(directory)).sessions;
  expect(await restarted.accept(startCommand({ sessionId: 456n }))).toEqual({
    dropped: "session 456 was started already, or asked to end",
  });
  expect(await restarted.accept(startCommand({ sessionId: 457n }))).toMatchObject({
    pending: { position: 1 },
  });
});

async function openBoth(directory: string, nowMs = 0, to = log) {
  const backups = await BackupJournal.open(join(directory, "backups"), atMs(nowMs), to);
  const [commands, games] = [join(directory, "commands"), join(directory, "games")];
  return { backups, sessions: await SessionJournal.open(commands, games, to) };
}

function reportOf(backupId: bigint, attempt: number) {
  return {
    kind: "status.backup" as const,
    backupId,
    attempt,
    status: "failed" as const,
    errorCode: "source_missing",
    errorMessage: "open /data: ENOENT",
    retryable: false,
    sgcId: 42n,
    serverId: 7n,
  };
}
