// The outbox among records in memory. A relay is a transaction that others may run beside: what it shows is locked until it has ended.
import { encodeCommand } from "@manman/contract/bus/commands.ts";
import { routingKey } from "@manman/contract/bus/routing-keys.ts";
import { Fault } from "@manman/core/fault.ts";
import type { HostCommand } from "@manman/core/host-command.ts";
import type { Outbox, OutboxMessage, OutboxVerdict } from "@manman/core/ports.ts";
import { wireCommand } from "../postgres/wire-command.ts";
import { nextId, type MemoryTables, type OutboxRow } from "./memory-tables.ts";

/** Time and ids as these records know them. */
export type Surroundings = {
  readonly tables: MemoryTables;
  readonly nowMs: () => number;
  /** A UUID. */
  readonly newId: () => string;
};

/** Gives the command the next number in the order of its game's commands and puts it into the outbox. */
export function queueCommand({ tables, nowMs, newId }: Surroundings, command: HostCommand): void {
  const game = tables.games.get(command.sgcId);
  if (game === undefined) throw new Error(`there is no game ${command.sgcId}`);
  game.commandSequence += 1n;
  const outboxId = nextId(tables);
  tables.outbox.set(outboxId, {
    outboxId,
    messageId: newId(),
    command,
    sequence: game.commandSequence,
    createdAtMs: nowMs(),
    dueAtMs: nowMs(),
    tries: 0,
    isLocked: false,
  });
}

/** Throws a RangeError for a command that could not be sent. */
export function assertSendable(command: HostCommand): void {
  encodeCommand(wireCommand(command, 0n));
}

/** One relay that has begun: the messages it shows, and its two ends. */
export type OpenRelay = {
  readonly messages: readonly OutboxMessage[];
  readonly settle: (verdicts: readonly OutboxVerdict[]) => void;
  /** Everything comes back unchanged. Nothing where the relay has ended already. */
  readonly rollBack: () => void;
};

export function beginRelay({ tables, nowMs }: Surroundings, limit: number): OpenRelay {
  const rows = [...tables.outbox.values()]
    .filter((row) => !row.isLocked && row.dueAtMs <= nowMs())
    .toSorted((a, b) => a.dueAtMs - b.dueAtMs || Number(a.outboxId - b.outboxId))
    .slice(0, limit);
  for (const row of rows) row.isLocked = true;
  let isOpen = true;
  const end = (): void => {
    isOpen = false;
    for (const row of rows) row.isLocked = false;
  };
  return {
    messages: rows.map(messageOf),
    settle: (verdicts) => {
      if (!isOpen) throw new Fault("away", "relay commands: the transaction was ended");
      end();
      if (verdicts.length !== rows.length) {
        throw new Error(`${verdicts.length} verdicts on ${rows.length} messages`);
      }
      rows.forEach((row, place) => {
        // The lengths are equal.
        const verdict = verdicts[place] as OutboxVerdict;
        if (verdict.kind === "sent") {
          tables.outbox.delete(row.outboxId);
        } else {
          row.tries += 1;
          row.dueAtMs = nowMs() + verdict.waitMs;
        }
      });
    },
    rollBack: () => {
      if (isOpen) end();
    },
  };
}

export function memoryOutbox(surroundings: Surroundings): Outbox {
  const { tables, nowMs } = surroundings;
  return {
    relay: async (limit, send) => {
      const relay = beginRelay(surroundings, limit);
      try {
        const verdicts = relay.messages.length === 0 ? [] : await send(relay.messages);
        relay.settle(verdicts);
      } finally {
        relay.rollBack();
      }
      return relay.messages.length;
    },
    retryFor: async (serverId) => {
      for (const row of tables.outbox.values()) {
        if (row.command.serverId !== serverId || row.isLocked) continue;
        if (row.tries > 0 && row.dueAtMs > nowMs()) row.dueAtMs = row.createdAtMs;
      }
    },
  };
}

function messageOf({ outboxId, messageId, command, sequence, tries }: OutboxRow): OutboxMessage {
  const wire = wireCommand(command, sequence);
  return {
    outboxId,
    messageId,
    routingKey: routingKey(wire.kind, command.serverId),
    body: encodeCommand(wire),
    tries,
  };
}
