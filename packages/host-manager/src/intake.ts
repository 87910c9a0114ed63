// Takes commands off the bus. A command is done with as soon as it is in the journal, never before: the broker then forgets it.
import { parseCommand } from "@manman/contract/bus/commands.ts";
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
  /** Throws an `away` Fault while there is no room to see new work through. What ends a game, or speaks to it, is let in. */
  readonly requireRoom: () => Promise<void>;
  readonly log: Logger;
};

/** Throws an `away` Fault while the disk does not take the command, so that it stays in the queue. */
export async function takeIn(parts: IntakeParts, delivery: Delivery): Promise<DeliveryVerdict> {
  const { journal, onBackup, onSession, requireRoom, log } = parts;
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
  if (command.kind === "backup" || command.kind === "session.start") await requireRoom();
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
