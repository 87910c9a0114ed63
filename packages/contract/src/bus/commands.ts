// The commands for host managers, checked on arrival. What kind of command a body is, its routing key says; so the plain bodies of
// the wire contract work as they are, and every field that we added is optional where its absence has a sane meaning.
import { z } from "zod";
import { readBody, unusable, writeBody, type Parsed } from "./message-body.ts";
import { parseRoutingKey, type CommandKind } from "./routing-keys.ts";
import { id, idOrZero, nonEmptyText, text, wireMessage, wireObject } from "./wire-object.ts";

/** A command's body holds at most so many bytes. */
export const commandBytesMax = 1_048_576;

/** Input for a game holds at most so many bytes. */
export const inputBytesMax = 65_536;

/** A stop may give a game at most so long to end by itself. */
export const graceSecondsMax = 3_600;

/** Arguments, ports and environment variables of a game: at most so many of each. */
export const startEntriesMax = 1_000;

const keyCharsMax = 1_024;
/** One argument of a game, or one value of its environment, holds at most so many characters. */
export const argumentCharsMax = 32_768;

/** Every command's number in the order of its SGC's commands; 0, or absent, means that it has no place in that order. */
const sequence = idOrZero;

const port = z.number().int().min(1).max(65_535);

const backupCommand = wireMessage(
  "backup",
  { command: "backup_session" },
  {
    /** The session that ran when the backup was asked for; 0 where none did. */
    session_id: idOrZero,
    backup_id: id,
    /** Where the archive goes in the bucket. */
    s3_key: nonEmptyText(keyCharsMax),
    /** Required: it names the directory to back up. */
    sgc_id: id,
    /** Required: without it the attempt cannot be claimed. */
    attempt: z.number().int().min(1).max(1_000_000),
    sequence,
  },
);

const startSessionCommand = wireMessage(
  "session.start",
  { command: "start_session" },
  {
    session_id: id,
    /** The backup whose data replaces the present data first; absent for a plain start. */
    restore_from: wireObject({
      backup_id: id,
      /** Where the archive lies, `s3://bucket/key`. */
      s3_url: nonEmptyText(keyCharsMax),
    }).exactOptional(),
    /** Required: it names the directory that the game runs in. */
    sgc_id: id,
    sequence,
    /** The program and its first arguments. */
    entrypoint: z.array(text(argumentCharsMax)).max(startEntriesMax).default([]),
    /** Further arguments. */
    game_command: z.array(text(argumentCharsMax)).max(startEntriesMax).default([]),
    /** Still further arguments, as one line with placeholders. */
    args_template: text(argumentCharsMax).default(""),
    /** Environment variables; values may hold placeholders. One named `__proto__` is left out. */
    env_template: z
      .record(z.string().regex(/^[^=\0]+$/), text(argumentCharsMax))
      .refine((env) => Object.keys(env).length <= startEntriesMax, "too many variables")
      .default({}),
    port_bindings: z
      .array(
        wireObject({
          container_port: port,
          host_port: port,
          /** Absent means tcp. */
          protocol: nonEmptyText(10).default("tcp"),
        }),
      )
      .max(startEntriesMax)
      .default([]),
  },
);

const sessionFields = {
  session_id: id,
  /** 0 or absent where the sender does not say; the host knows its sessions. */
  sgc_id: idOrZero,
  sequence,
};

const stopSessionCommand = wireMessage(
  "session.stop",
  {},
  {
    ...sessionFields,
    /** How long the game has to end by itself before it is killed; absent means the host's default. */
    grace_seconds: z.number().int().min(0).max(graceSecondsMax).exactOptional(),
  },
);

const killSessionCommand = wireMessage("session.kill", {}, sessionFields);

const sendInputCommand = wireMessage(
  "session.send_input",
  {},
  {
    session_id: id,
    /** Base64 on the wire. */
    input: z.codec(
      z.base64().max(Math.ceil(inputBytesMax / 3) * 4),
      z
        .instanceof(Uint8Array)
        .refine((bytes) => bytes.length > 0 && bytes.length <= inputBytesMax, {
          message: `must hold 1 to ${inputBytesMax} bytes`,
        }),
      {
        decode: (base64) => new Uint8Array(Buffer.from(base64, "base64")),
        encode: (bytes) => Buffer.from(bytes).toString("base64"),
      },
    ),
    sgc_id: idOrZero,
    sequence,
  },
);

/** Make a backup. */
export type BackupCommand = z.output<typeof backupCommand>;
/** Start a game, after a restore where one is named. */
export type StartSessionCommand = z.output<typeof startSessionCommand>;
/** Let a game end: SIGTERM to its process group, SIGKILL after the grace. */
export type StopSessionCommand = z.output<typeof stopSessionCommand>;
/** Kill a game at once. */
export type KillSessionCommand = z.output<typeof killSessionCommand>;
/** Write to a game's standard input. */
export type SendInputCommand = z.output<typeof sendInputCommand>;

/** Any command, told apart by `kind`. */
export type Command =
  | BackupCommand
  | StartSessionCommand
  | StopSessionCommand
  | KillSessionCommand
  | SendInputCommand;

const schemas = {
  backup: backupCommand,
  "session.start": startSessionCommand,
  "session.stop": stopSessionCommand,
  "session.kill": killSessionCommand,
  "session.send_input": sendInputCommand,
} satisfies Record<CommandKind, z.ZodType<Command>>;

/** Reads a command as it arrives; the reason of one that cannot be used names the field. */
export function parseCommand(routingKey: string, body: string | Uint8Array): Parsed<Command> {
  const route = parseRoutingKey(routingKey);
  if (route === undefined || !isCommandKind(route.kind)) {
    return unusable(`routing key: ${routingKey} is not that of a command`);
  }
  const schema: z.ZodType<Command> = schemas[route.kind];
  return readBody(schema, body, commandBytesMax);
}

/** A command's body. Throws a RangeError naming the field where a value is out of its bounds: the caller has let it through. */
export function encodeCommand(command: Command): string {
  return writeBody(schemas[command.kind], command, commandBytesMax);
}

function isCommandKind(kind: string): kind is CommandKind {
  return Object.hasOwn(schemas, kind);
}
