// Takes commands off the bus. A command is done with as soon as it is in the journal, never before: the broker then forgets it. The one
// exception is new work that there is no room for: its record waits in the database, whose reconciler sends the command again.
import {
  parseCommand,
  type BackupCommand,
  type StartSessionCommand,
} from "@manman/contract/bus/commands.ts";
import type { Delivery, DeliveryVerdict } from "@manman/core/ports.ts";
import type { Logger } from "pino";
import type { BackupJournal } from "./journal/backup-journal.ts";
import type { SessionCommand } from "./journal/session-order.ts";

export type IntakeParts = {
  readonly journal: Pick<BackupJournal, "accept">;
  /** Called when the journal holds a new backup. */
  readonly onBackup: () => void;
  /** Takes a session command on; resolves once it is on disk. */
  readonly onSession: (command: SessionCommand) => Promise<void>;
  /** What keeps new work away at present; empty where nothing does. What ends a game, or speaks to it, is let in. */
  readonly hostProblem: () => Promise<string>;
  readonly log: Logger;
};

/** Throws an `away` Fault while the disk does not take the command, so that it stays in the queue. */
export async function takeIn(parts: IntakeParts, delivery: Delivery): Promise<DeliveryVerdict> {
  const { journal, onBackup, onSession, hostProblem, log } = parts;
  const parsed = parseCommand(delivery.routingKey, delivery.body);
  if (!parsed.ok) {
    const { messageId, routingKey } = delivery;
    log.error(
      { message_id: messageId, routing_key: routingKey, reason: parsed.reason },
      "command cannot be used",
    );
    return { kind: "dead-letter", reason: parsed.reason };
  }
  const command = parsed.value;
  if (command.kind === "backup" || command.kind === "session.start") {
    const problem = await hostProblem();
    if (problem !== "") return handedBack(command, problem, log);
  }
  if (command.kind === "backup") {
    const { backupId, attempt, sgcId } = command;
    const arrival = await journal.accept(command);
    log.info({ backup_id: backupId, attempt, sgc_id: sgcId, arrival }, "backup command taken in");
    if (arrival === "new") onBackup();
  } else {
    await onSession(command);
  }
  return { kind: "done" };
}

/** It is not written down anywhere: in the queue it would stand in the way of what ends a game. */
function handedBack(
  command: BackupCommand | StartSessionCommand,
  problem: string,
  log: Logger,
): DeliveryVerdict {
  const of =
    command.kind === "backup"
      ? { backup_id: command.backupId, attempt: command.attempt }
      : { session_id: command.sessionId };
  log.warn({ ...of, sgc_id: command.sgcId, why: problem }, "command handed back");
  return { kind: "done" };
}
