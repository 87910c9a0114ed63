// The tables as kysely sees them; migrations/ says what each column means.
import type { BackupStatus } from "@manman/core/backup/lifecycle.ts";
import type {
  Actor,
  ArchiveReport,
  BackupProgress,
  FailureCode,
} from "@manman/core/backup/backup.ts";
import type { OperationInProgress } from "@manman/core/backup/create-backup.ts";
import type { HostCommand, LaunchRecipe, PortBinding } from "@manman/core/host-command.ts";
import type { ServerGameConfig } from "@manman/core/server.ts";
import type { SessionStatus } from "@manman/core/session/lifecycle.ts";
import {
  sql,
  type ColumnType,
  type Generated,
  type GeneratedAlways,
  type RawBuilder,
} from "kysely";

export type Tables = {
  server: ServerTable;
  game_config: GameConfigTable;
  server_game_config: ServerGameConfigTable;
  session: SessionTable;
  backup: BackupTable;
  operation: OperationTable;
  backup_event: BackupEventTable;
  outbox: OutboxTable;
  leftover: LeftoverTable;
};

/** Read as unix milliseconds, written as a Date. */
type Time = ColumnType<number, Date, Date>;
type TimeOrNull = ColumnType<number | null, Date | null | undefined, Date | null>;
type TimeOfBirth = ColumnType<number, never, never>;
/** Read as a value, written as JSON text. */
type Json<Value> = ColumnType<Value, string, string>;
type JsonOrNull<Value> = ColumnType<Value | null, string | null | undefined, string | null>;

type ServerTable = {
  server_id: GeneratedAlways<bigint>;
  name: string;
  environment: Generated<string>;
  is_default: Generated<boolean>;
  capabilities: JsonOrNull<Readonly<Record<string, unknown>>>;
  last_seen_at: TimeOrNull;
  instance_id: string | null;
  former_instance_id: string | null;
  host_problem: Generated<string>;
};

type GameConfigTable = {
  config_id: GeneratedAlways<bigint>;
  game_id: bigint;
  name: string;
  image: string;
  args_template: string;
  env_template: Json<Readonly<Record<string, string>>>;
  entrypoint: readonly string[];
  command: readonly string[];
};

type ServerGameConfigTable = {
  sgc_id: GeneratedAlways<bigint>;
  server_id: bigint;
  config_id: bigint;
  port_bindings: Json<readonly PortBinding[]>;
  status: Generated<ServerGameConfig["status"]>;
  command_sequence: Generated<bigint>;
};

type SessionTable = {
  session_id: GeneratedAlways<bigint>;
  sgc_id: bigint;
  server_id: bigint;
  status: SessionStatus;
  created_at: TimeOfBirth;
  started_at: TimeOrNull;
  ended_at: TimeOrNull;
  exit_code: number | null;
  error_message: Generated<string>;
  restored_from_backup_id: bigint | null;
  status_since: ColumnType<number, never, Date>;
  due_at: TimeOrNull;
  due_tries: Generated<number>;
};

type BackupTable = {
  backup_id: GeneratedAlways<bigint>;
  sgc_id: bigint;
  server_id: bigint;
  session_id: bigint | null;
  description: string;
  request_id: string | null;
  status: BackupStatus;
  status_since: Time;
  attempt: number;
  object_key: string;
  upload_id: string | null;
  upload_instance_id: string | null;
  report: JsonOrNull<ArchiveReport>;
  progress: JsonOrNull<BackupProgress>;
  failure_code: FailureCode | null;
  failure_message: string | null;
  created_at: TimeOfBirth;
  started_at: TimeOrNull;
  finished_at: TimeOrNull;
  due_at: TimeOrNull;
  due_tries: number;
  visible_at: TimeOrNull;
  event_count: number;
};

type OperationTable = {
  sgc_id: bigint;
  kind: OperationInProgress["kind"];
  backup_id: bigint;
};

type BackupEventTable = {
  backup_id: bigint;
  sequence: number;
  at: TimeOfBirth;
  from_status: BackupStatus | null;
  to_status: BackupStatus;
  attempt: number;
  who: Actor;
  why: string;
};

type OutboxTable = {
  outbox_id: GeneratedAlways<bigint>;
  message_id: GeneratedAlways<string>;
  server_id: bigint;
  sgc_id: bigint;
  sequence: bigint;
  kind: HostCommand["kind"];
  session_id: bigint | null;
  backup_id: bigint | null;
  attempt: number | null;
  object_key: string | null;
  recipe: JsonOrNull<LaunchRecipe>;
  input: Uint8Array | null;
  due_at: Time;
  tries: Generated<number>;
  last_error: Generated<string>;
  created_at: TimeOfBirth;
};

type LeftoverTable = {
  leftover_id: GeneratedAlways<bigint>;
  backup_id: bigint;
  object_key: string;
  upload_id: string | null;
  due_at: Time;
  tries: Generated<number>;
  last_error: Generated<string>;
};

/** A time for a column; null stays null. */
export function timeAt(unixMs: number): Date;
export function timeAt(unixMs: number | null): Date | null;
export function timeAt(unixMs: number | null): Date | null {
  return unixMs === null ? null : new Date(unixMs);
}

/** A span of time in a statement that is written out. */
export function interval(ms: number): RawBuilder<unknown> {
  return sql`${ms}::double precision * interval '1 millisecond'`;
}
