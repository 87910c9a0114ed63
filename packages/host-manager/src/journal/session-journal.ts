// The session commands that this host was given, on disk until they are carried out, and how far those of each game were taken on.
import { encodeCommand, parseCommand } from "@manman/contract/bus/commands.ts";
import { routingKey } from "@manman/contract/bus/routing-keys.ts";
import type { Logger } from "pino";
import { z } from "zod";
import type { SpendReserve } from "../reserve.ts";
import { openJournalFolder, type JournalFiles, type OpenJournalFolder } from "./journal-folder.ts";
import {
  markAfter,
  noMark,
  whyDropped,
  type SessionCommand,
  type SessionMark,
} from "./session-order.ts";
import { Turns } from "./turns.ts";

/** A command that is to be carried out. */
export type PendingCommand = { readonly position: number; readonly command: SessionCommand };

/** The command was taken on, or why it was dropped. */
export type Taken = { readonly pending: PendingCommand } | { readonly dropped: string };

const commandFile = z.object({
  position: z.int().min(1),
  kind: z.enum(["session.start", "session.stop", "session.kill", "session.send_input"]),
  command: z.unknown(),
});

const markFile = z.object({
  sequence: z.int().min(0),
  session_id: z.string().regex(/^[0-9]{1,19}$/),
});

/** Every method resolves once its change is on disk, and rejects with an `away` Fault having changed nothing that counts. */
export class SessionJournal {
  readonly #commands: JournalFiles;
  readonly #games: JournalFiles;
  readonly #pending = new Map<number, SessionCommand>();
  /** With every pending command taken into account. */
  readonly #marks = new Map<bigint, SessionMark>();
  readonly #turns = new Turns();
  #position = 0;

  private constructor(commands: JournalFiles, games: JournalFiles) {
    this.#commands = commands;
    this.#games = games;
  }

  static async open(
    commandsPath: string,
    gamesPath: string,
    log: Logger,
    spend?: SpendReserve,
    openFolder: OpenJournalFolder = openJournalFolder,
  ): Promise<SessionJournal> {
    const commands = await openFolder(commandsPath, spend);
    const games = await openFolder(gamesPath, spend);
    const journal = new SessionJournal(commands, games);
    const broken = async (folder: JournalFiles, name: string, problem: string): Promise<void> => {
      log.error({ file: await folder.setAside(name), problem }, "set a broken journal file aside");
    };
    for (const { name, text } of await games.readAll()) {
      const mark = decode(markFile, text);
      if ("problem" in mark) await broken(games, name, mark.problem);
      else journal.#marks.set(BigInt(name), readMark(mark.value));
    }
    for (const { name, text } of await commands.readAll()) {
      const pending = decodePending(text);
      if ("problem" in pending) await broken(commands, name, pending.problem);
      else journal.#hold(pending);
    }
    return journal;
  }

  /** The commands that are to be carried out, in the order in which they came. */
  pending(): readonly PendingCommand[] {
    return [...this.#pending]
      .map(([position, command]) => ({ position, command }))
      .toSorted((a, b) => a.position - b.position);
  }

  /** Takes a command on, unless it is one from the past. Its `sgcId` is known. */
  async accept(command: SessionCommand): Promise<Taken> {
    return await this.#turns.take(async () => {
      const dropped = whyDropped(this.#mark(command.sgcId), command);
      if (dropped !== undefined) return { dropped };
      const pending = { position: this.#position + 1, command };
      await this.#commands.write(String(pending.position), encodePending(pending));
      this.#hold(pending);
      return { pending };
    });
  }

  /** The command is carried out. One that is settled already needs nothing. */
  async settle({ position, command }: PendingCommand): Promise<void> {
    await this.#turns.take(async () => {
      if (!this.#pending.has(position)) return;
      // The mark goes first: a death in between repeats the command, the other order would let a copy of it pass as new.
      const { sequence, sessionId } = this.#mark(command.sgcId);
      const mark = { sequence, session_id: String(sessionId) };
      await this.#games.write(String(command.sgcId), mark);
      await this.#commands.remove(String(position));
      this.#pending.delete(position);
    });
  }

  #mark(sgcId: bigint): SessionMark {
    return this.#marks.get(sgcId) ?? noMark;
  }

  #hold({ position, command }: PendingCommand): void {
    this.#pending.set(position, command);
    this.#position = Math.max(this.#position, position);
    this.#marks.set(command.sgcId, markAfter(this.#mark(command.sgcId), command));
  }
}

type Decoded<T> = { readonly value: T } | { readonly problem: string };

function decode<T>(schema: z.ZodType<T>, text: string): Decoded<T> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { problem: "is not JSON" };
  }
  const parsed = schema.safeParse(json);
  return parsed.success ? { value: parsed.data } : { problem: z.prettifyError(parsed.error) };
}

function encodePending({ position, command }: PendingCommand): z.input<typeof commandFile> {
  return { position, kind: command.kind, command: JSON.parse(encodeCommand(command)) as unknown };
}

function decodePending(text: string): PendingCommand | { readonly problem: string } {
  const file = decode(commandFile, text);
  if ("problem" in file) return file;
  const { position, kind } = file.value;
  const command = parseCommand(routingKey(kind, 1n), JSON.stringify(file.value.command));
  if (!command.ok) return { problem: `command: ${command.reason}` };
  if (command.value.kind === "backup") return { problem: "command: is that of a backup" };
  return { position, command: command.value };
}

function readMark(mark: z.output<typeof markFile>): SessionMark {
  return { sequence: mark.sequence, sessionId: BigInt(mark.session_id) };
}
