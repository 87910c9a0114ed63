// Lives through a full disk and says what happened, as JSON: node full-disk-worker.ts DIR, where DIR is a file system of its own of 32 MiB.
import { open, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { encodeCommand, type Command } from "@manman/contract/bus/commands.ts";
import { routingKey } from "@manman/contract/bus/routing-keys.ts";
import { Fault } from "@manman/core/fault.ts";
import { lockDataDir } from "@manman/host-manager/data-dir-lock.ts";
import { SessionDirectories } from "@manman/host-manager/games/session-directory.ts";
import { takeIn } from "@manman/host-manager/intake.ts";
import { BackupJournal } from "@manman/host-manager/journal/backup-journal.ts";
import { SessionJournal } from "@manman/host-manager/journal/session-journal.ts";
import { Room } from "@manman/host-manager/room.ts";
import { Reserve } from "@manman/host-manager/reserve.ts";
import { instanceIdIn, makeStateDir, stateDirOf } from "@manman/host-manager/state-dir.ts";
import { backupCommand, startCommand, stopCommand } from "./commands.ts";
import { recordedLog } from "./recorded-log.ts";

const dataDir = process.argv[2] ?? "";
const state = stateDirOf(dataDir);
const { log, lines } = recordedLog();

/** What a host manager does with its disk when it starts. */
async function started() {
  await makeStateDir(state);
  const lock = lockDataDir(state.root);
  const reserve = await Reserve.open(state.root, log);
  const instanceId = await reserve.spend(async () => await instanceIdIn(state, () => "an-id"));
  const { spend } = reserve;
  const clock = { nowMs: () => 0 };
  const backups = await BackupJournal.open(state.backups, clock, log, spend);
  const sessions = await SessionJournal.open(state.commands, state.games, log, spend);
  const room = new Room(reserve);
  const takes = async (command: Command): Promise<unknown> => {
    const parts = {
      journal: backups,
      onBackup: () => {},
      onSession: async (taken: Parameters<typeof sessions.accept>[0]) =>
        void (await sessions.accept(taken)),
      hostProblem: async () => await room.problem(),
      log,
    };
    const body = Buffer.from(encodeCommand(command));
    const delivery = { routingKey: routingKey(command.kind, 7n), messageId: "m", body };
    const since = lines.length;
    return await takeIn(parts, delivery).then(
      ({ kind }) => `${kind}${handedBack(since)}`,
      (error: unknown) => (error instanceof Fault ? `${error.kind}: ${error.message}` : error),
    );
  };
  return { lock, reserve, instanceId, backups, sessions, takes };
}

/** Why a command was handed back since there were so many lines; empty where none was. */
function handedBack(since: number): string {
  const line = lines.slice(since).find(({ msg }) => msg === "command handed back");
  return line === undefined ? "" : `, handed back: ${String(line["why"])}`;
}

const filler = join(dataDir, "filler");

/** As a game would, to the last byte. */
async function fill(): Promise<void> {
  const handle = await open(filler, "a");
  try {
    for (let size = 1_048_576; size >= 1; size = Math.floor(size / 2)) {
      const bytes = Buffer.alloc(size);
      while (await fits(handle, bytes));
    }
  } finally {
    await handle.close();
  }
}

async function fits(handle: Awaited<ReturnType<typeof open>>, bytes: Buffer): Promise<boolean> {
  try {
    return (await handle.write(bytes)).bytesWritten === bytes.length;
  } catch {
    return false;
  }
}

async function reserveBytes(): Promise<number> {
  return await stat(join(state.root, "reserve")).then(
    ({ size }) => size,
    () => 0,
  );
}

function failed(backupId: bigint) {
  const errorMessage = "x".repeat(1_000);
  const about = { backupId, attempt: 1, sgcId: 42n, serverId: 7n, errorMessage };
  return { kind: "status.backup", status: "failed", errorCode: "disk", ...about } as const;
}

const seen: Record<string, unknown> = {};
const first = await started();
seen["reserve at first"] = await reserveBytes();
seen["first backup"] = await first.takes(backupCommand({ backupId: 1n }));
const session = new SessionDirectories(state.sessions).of(123n);
await session.recordSpec({
  sessionId: 123n,
  sgcId: 42n,
  argv: ["./game"],
  env: {},
  workingDirectory: dataDir,
});

await fill();
seen["second backup, disk full"] = await first.takes(backupCommand({ backupId: 2n }));
seen["reserve, disk full"] = await reserveBytes();
seen["report of the first"] = await first.backups.report(1n, 1, failed(1n));
seen["reserve after the report"] = await reserveBytes();
seen["third backup, reserve spent"] = await first.takes(backupCommand({ backupId: 3n }));
seen["start, reserve spent"] = await first.takes(startCommand({ sequence: 1n }));
seen["stop, reserve spent"] = await first.takes(stopCommand({ sequence: 2n }));
seen["shortage"] = await first.reserve.shortage();
await fill();
seen["shortage, nothing left"] = await first.reserve.shortage();
first.lock.release();

const second = await started();
seen["instance id after a restart on the full disk"] = second.instanceId;
seen["journal after the restart"] = second.backups
  .unfinished()
  .map(({ command, state: { kind } }) => `${command.backupId} ${kind}`);
seen["fourth backup, nothing left"] = await second.takes(backupCommand({ backupId: 4n }));

await rm(filler);
seen["third backup, room again"] = await second.takes(backupCommand({ backupId: 3n }));
seen["reserve, room again"] = await reserveBytes();
await fill();
await session.recordExit({
  how: "exited",
  exitCode: 0,
  signal: undefined,
  endedAtMs: 1,
  reason: undefined,
  faultKind: undefined,
});
seen["exit record"] = await session.readExit().then((exit) => exit !== undefined);
seen["reserve after the exit record"] = await reserveBytes();
seen["log"] = lines
  .filter(({ level, msg }) => Number(level) >= 30 && /reserve|disk full/.test(String(msg)))
  .map(({ level, msg }) => `${String(level)} ${String(msg)}`);
process.stdout.write(JSON.stringify(seen));
