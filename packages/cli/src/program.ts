// The whole command line in one place: every command with its arguments, each handed on to the file of its name.
import { Command, InvalidArgumentError, Option } from "commander";
import { addArchiveCommands } from "./archive-program.ts";
import { cancelBackup } from "./commands/backup-cancel.ts";
import { createBackup } from "./commands/backup-create.ts";
import { deleteBackup } from "./commands/backup-delete.ts";
import { getBackup } from "./commands/backup-get.ts";
import { listBackups } from "./commands/backup-list.ts";
import { watchBackup } from "./commands/backup-watch.ts";
import { surveyBucket } from "./commands/bucket-survey.ts";
import { dropDeadLetters } from "./commands/dead-letter-drop.ts";
import { listDeadLetters } from "./commands/dead-letter-list.ts";
import { replayDeadLetters } from "./commands/dead-letter-replay.ts";
import { listServers } from "./commands/server-list.ts";
import { takeOverServer } from "./commands/server-takeover.ts";
import { listSessions } from "./commands/session-list.ts";
import { startSession } from "./commands/session-start.ts";
import { stopSession } from "./commands/session-stop.ts";
import { exitCodeHelp } from "./exit-codes.ts";
import {
  openCommand,
  type GlobalOptions,
  type OpenCommand,
  type Surroundings,
} from "./open-command.ts";
import { openOffline, type OfflineCommand } from "./open-offline.ts";

export function commanderProgram(surroundings: Surroundings): Command {
  const program = new Command("manman")
    .description("Looks after backups of game servers, through the control plane's API.")
    .option(
      "--address <host:port>",
      "the control plane (default: $MANMAN_ADDRESS, else 127.0.0.1:50051)",
    )
    .option("--json", "print JSON, for scripts")
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError("(add --help for what this command takes)")
    .addHelpText(
      "after",
      `\n${exitCodeHelp()}\n\nThe token is read from $MANMAN_TOKEN where the control plane asks for one.`,
    );
  const run =
    (command: (opened: OpenCommand, ...given: never[]) => Promise<void>) =>
    async (...given: unknown[]): Promise<void> => {
      const opened = openCommand(program.opts<GlobalOptions>(), surroundings);
      try {
        // Commander passes positional arguments, then options, then itself; commands are declared with the first two.
        await command(opened, ...(given.slice(0, -1) as never[]));
      } finally {
        opened.close();
      }
    };
  addServerCommands(program, run);
  addSessionCommands(program, run);
  addBackupCommands(program, run);
  addBucketCommands(program, run);
  addDeadLetterCommands(program, run);
  const runOffline =
    (command: (opened: OfflineCommand, ...given: never[]) => Promise<void>) =>
    async (...given: unknown[]): Promise<void> => {
      const opened = openOffline(program.opts<GlobalOptions>(), surroundings);
      await command(opened, ...(given.slice(0, -1) as never[]));
    };
  addArchiveCommands(program, runOffline, id);
  return program;
}

type Run = (
  command: (opened: OpenCommand, ...given: never[]) => Promise<void>,
) => (...given: unknown[]) => Promise<void>;

function addServerCommands(program: Command, run: Run): void {
  const server = program.command("server").description("game hosts");
  paged(server.command("list").description("list the game hosts")).action(run(listServers));
  server
    .command("takeover")
    .argument("<server>", "its id or its name")
    .description("take a server from its host manager, for one on a new or rebuilt host")
    .option("--readmit", "let the one that it is, or was, taken from register again")
    .option("-y, --yes", "do not ask")
    .action(run(takeOverServer));
}

function addSessionCommands(program: Command, run: Run): void {
  const session = program.command("session").description("runs of games");
  paged(session.command("list").description("list sessions, newest first"))
    .option("--sgc <id>", "only those of this server game config", id)
    .option("--server <id>", "only those on this server", id)
    .option("--live", "only those that have not ended")
    .action(run(listSessions));
  waiting(
    session.command("start").argument("<sgc-id>", "", id).description("start a game"),
    "until it runs",
  )
    .option("--force", "stop a session that is active first")
    .action(run(startSession));
  waiting(
    session.command("stop").argument("<session-id>", "", id).description("stop a game"),
    "until it has ended",
  ).action(run(stopSession));
}

function addBackupCommands(program: Command, run: Run): void {
  const backup = program.command("backup").description("backups");
  waiting(
    backup
      .command("create")
      .description("back up a game's data: of a running session, or of a server game config"),
    "until it has ended, showing progress",
  )
    .addOption(new Option("--session <id>", "the running session").argParser(id).conflicts("sgc"))
    .option("--sgc <id>", "the server game config, for a game that is not running", id)
    .option("--description <text>", "what to remember it by", "")
    .option("--request-id <text>", "the same id never makes a second backup (default: a new one)")
    .action(run(createBackup));
  paged(backup.command("list").description("list backups, newest first"))
    .option("--sgc <id>", "only those of this server game config", id)
    .option("--session <id>", "only those of this session", id)
    .option("--deleted", "with the records of deleted ones")
    .action(run(listBackups));
  backup
    .command("get")
    .argument("<backup-id>", "", id)
    .description("show one backup")
    .action(run(getBackup));
  backup
    .command("cancel")
    .argument("<backup-id>", "", id)
    .description("call off a backup that is pending or running")
    .action(run(cancelBackup));
  backup
    .command("watch")
    .argument("<backup-id>", "", id)
    .description("print what happens to a backup until it has ended (with --json, a line each)")
    .action(run(watchBackup));
  backup
    .command("delete")
    .argument("<backup-id>", "", id)
    .description("remove a backup's archive; its record stays, as deleted")
    .option("-y, --yes", "do not ask")
    .action(run(deleteBackup));
}

function addBucketCommands(program: Command, run: Run): void {
  const bucket = program.command("bucket").description("the bucket that holds the archives");
  waiting(
    paged(
      bucket
        .command("survey")
        .description("list what lies in the bucket and belongs to no record, and what is missing"),
    ).option("--run", "begin a survey now instead of showing the last one"),
    "until it is finished, and show it",
  ).action(run(surveyBucket));
}

function addDeadLetterCommands(program: Command, run: Run): void {
  const letters = program.command("dead-letters").description("messages that nobody could use");
  paged(letters.command("list").description("list dead letters, oldest first")).action(
    run(listDeadLetters),
  );
  letters
    .command("replay")
    .argument("[dead-letter-id]", "")
    .description("send a dead letter again, once what was wrong is mended")
    .option("--all", "all of them, oldest first")
    .action(run(replayDeadLetters));
  letters
    .command("drop")
    .argument("[dead-letter-id]", "")
    .description("remove a dead letter for good")
    .option("--all", "all of them")
    .option("-y, --yes", "do not ask")
    .action(run(dropDeadLetters));
}

function paged(command: Command): Command {
  return command
    .option("--limit <n>", "at most so many", count, 50)
    .option("--page-token <token>", "go on where an earlier list ended", "");
}

function waiting(command: Command, until: string): Command {
  return command
    .option("--wait", `wait ${until}`)
    .option(
      "--timeout <seconds>",
      "with --wait: give up waiting after so long (0: never)",
      seconds,
      0,
    );
}

export function id(text: string): bigint {
  if (!/^[1-9]\d{0,18}$/.test(text))
    throw new InvalidArgumentError("It must be a positive number.");
  return BigInt(text);
}

function count(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError("It must be a positive number.");
  return Number(text);
}

function seconds(text: string): number {
  if (!/^\d{1,8}$/.test(text)) throw new InvalidArgumentError("It must be a number of seconds.");
  return Number(text);
}
