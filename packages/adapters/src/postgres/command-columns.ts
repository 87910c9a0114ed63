// A command on its way through the outbox: into the columns of its row, and from there into a message of the bus.
import { encodeCommand } from "@manman/contract/bus/commands.ts";
import { routingKey } from "@manman/contract/bus/routing-keys.ts";
import type { HostCommand } from "@manman/core/host-command.ts";
import type { BusMessage } from "@manman/core/ports.ts";
import { sql, type RawBuilder, type Selectable } from "kysely";
import type { Tables } from "./rows.ts";
import { storableJson } from "./storable-text.ts";
import { wireCommand } from "./wire-command.ts";

/**
 * Two steps of a `with` list that give the command the next number in the order of its game's commands and put it into the outbox.
 * Throws a RangeError for a command that could not be sent.
 */
export function queueingSteps(command: HostCommand): RawBuilder<unknown> {
  // What cannot be written must not get into the outbox, where it would come up again for ever.
  encodeCommand(wireCommand(command, 0n));
  const { backup_id, attempt, object_key, session_id, recipe, input } = columnsOf(command);
  return sql`
    numbered as (
      update server_game_config set command_sequence = command_sequence + 1
      where sgc_id = ${command.sgcId} returning command_sequence
    ),
    queued as (
      insert into outbox
        (server_id, sgc_id, sequence, kind, session_id, backup_id, attempt, object_key, recipe, input)
      select ${command.serverId}::bigint, ${command.sgcId}::bigint, command_sequence, ${command.kind},
        ${session_id}::bigint, ${backup_id}::bigint, ${attempt}::integer, ${object_key},
        ${recipe}::jsonb, ${input}::bytea
      from numbered
    )`;
}

/** What a message needs of an outbox row. */
export const messageColumns = [
  "outbox_id",
  "message_id",
  "server_id",
  "sgc_id",
  "sequence",
  "kind",
  "session_id",
  "backup_id",
  "attempt",
  "object_key",
  "recipe",
  "input",
  "tries",
] as const;

export type MessageRow = Pick<Selectable<Tables["outbox"]>, (typeof messageColumns)[number]>;

/** Throws a RangeError where the command is out of the bounds of its message. */
export function messageOf(row: MessageRow): BusMessage {
  const command = wireCommand(commandOf(row), row.sequence);
  return {
    routingKey: routingKey(command.kind, row.server_id),
    messageId: row.message_id,
    body: encodeCommand(command),
  };
}

type CommandColumns = {
  readonly session_id: bigint | null;
  readonly backup_id: bigint | null;
  readonly attempt: number | null;
  readonly object_key: string | null;
  readonly recipe: string | null;
  readonly input: Uint8Array | null;
};

function columnsOf(command: HostCommand): CommandColumns {
  return {
    session_id: command.sessionId,
    ...(command.kind === "backup"
      ? { backup_id: command.backupId, attempt: command.attempt, object_key: command.objectKey }
      : { backup_id: null, attempt: null, object_key: null }),
    recipe: command.kind === "start" ? storableJson(command.recipe) : null,
    input: command.kind === "input" ? command.input : null,
  };
}

/** The constraints of the table say that each kind has its columns. */
function commandOf(row: MessageRow): HostCommand {
  const { server_id: serverId, sgc_id: sgcId, kind } = row;
  if (kind === "backup") {
    return {
      kind,
      serverId,
      sgcId,
      sessionId: row.session_id,
      backupId: present(row.backup_id),
      attempt: present(row.attempt),
      objectKey: present(row.object_key),
    };
  }
  const sessionId = present(row.session_id);
  if (kind === "start") return { kind, serverId, sgcId, sessionId, recipe: present(row.recipe) };
  if (kind === "input") return { kind, serverId, sgcId, sessionId, input: present(row.input) };
  return { kind, serverId, sgcId, sessionId };
}

function present<T>(value: T | null): T {
  if (value === null) throw new Error("an outbox row lacks a column that its constraints ask for");
  return value;
}
