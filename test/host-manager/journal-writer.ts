// Takes commands on as fast as it can and says of each when it was told that it is on disk: node journal-writer.ts DIR. To be killed.
import { systemClock } from "@manman/adapters/platform/system-clock.ts";
import { BackupJournal } from "@manman/host-manager/journal/backup-journal.ts";
import { SessionJournal } from "@manman/host-manager/journal/session-journal.ts";
import pino from "pino";
import { backupCommand, stopCommand } from "./commands.ts";

const directory = process.argv[2] ?? "";
const log = pino({ level: "silent" });
const backups = await BackupJournal.open(`${directory}/backups`, systemClock, log);
const sessions = await SessionJournal.open(`${directory}/commands`, `${directory}/games`, log);
for (let id = 1; ; id += 1) {
  await backups.accept(backupCommand({ backupId: BigInt(id) }));
  const taken = await sessions.accept(stopCommand({ sequence: BigInt(id) }));
  process.stdout.write(`${id}\n`);
  if (id % 3 === 0) await backups.close(BigInt(id), 1, "done");
  if (id % 3 === 1 && "pending" in taken) await sessions.settle(taken.pending);
}
