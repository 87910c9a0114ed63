// The backups that this host was asked for, on disk before anybody is told that they were taken on, until their reports have arrived.
import type { BackupCommand } from "@manman/contract/bus/commands.ts";
import type { BackupReport } from "@manman/contract/bus/reports.ts";
import type { Clock } from "@manman/core/ports.ts";
import type { Logger } from "pino";
import type { SpendReserve } from "../reserve.ts";
import {
  decodeEntry,
  encodeEntry,
  judgeArrival,
  type Arrival,
  type BackupEntry,
  type BackupEntryState,
} from "./backup-entry.ts";
import { openJournalFolder, type JournalFiles, type OpenJournalFolder } from "./journal-folder.ts";
import { Turns } from "./turns.ts";

/** How long a closed entry is remembered: far longer than a broker takes to deliver a message again after a lost connection. */
const closedKeptMs = 3_600_000;

/** Every method that changes something resolves once that is on disk, and rejects with an `away` Fault having changed nothing. */
export class BackupJournal {
  readonly #folder: JournalFiles;
  readonly #clock: Pick<Clock, "nowMs">;
  readonly #entries = new Map<bigint, BackupEntry>();
  readonly #turns = new Turns();
  #position = 0;

  private constructor(folder: JournalFiles, clock: Pick<Clock, "nowMs">) {
    this.#folder = folder;
    this.#clock = clock;
  }

  /** Files that cannot be read are set aside and logged: one must not keep all others from being carried out. */
  static async open(
    path: string,
    clock: Pick<Clock, "nowMs">,
    log: Logger,
    spend?: SpendReserve,
    openFolder: OpenJournalFolder = openJournalFolder,
  ): Promise<BackupJournal> {
    const folder = await openFolder(path, spend);
    const journal = new BackupJournal(folder, clock);
    for (const { name, text } of await folder.readAll()) {
      const entry = decodeEntry(text);
      if ("problem" in entry) {
        const aside = await folder.setAside(name);
        log.error({ file: aside, problem: entry.problem }, "set a broken journal entry aside");
      } else {
        journal.#entries.set(entry.command.backupId, entry);
        journal.#position = Math.max(journal.#position, entry.position);
      }
    }
    return journal;
  }

  /** Every backup that is not closed, in the order of their commands. */
  unfinished(): readonly BackupEntry[] {
    return [...this.#entries.values()]
      .filter((entry) => entry.state.kind !== "closed")
      .toSorted((a, b) => a.position - b.position);
  }

  get(backupId: bigint): BackupEntry | undefined {
    return this.#entries.get(backupId);
  }

  /** Takes a command on. One of an older attempt, or one that is known, changes nothing; one of a newer attempt replaces the entry. */
  async accept(command: BackupCommand): Promise<Arrival> {
    return await this.#turns.take(async () => {
      const arrival = judgeArrival(this.#entries.get(command.backupId), command);
      if (arrival === "new") {
        const position = this.#position + 1;
        await this.#write({ position, command, state: { kind: "accepted" } });
        this.#position = position;
      }
      return arrival;
    });
  }

  /** The attempt was carried out. False, and nothing changes, when the entry is no longer about this attempt, or closed. */
  async report(backupId: bigint, attempt: number, report: BackupReport): Promise<boolean> {
    return await this.#advance(backupId, attempt, { kind: "reported", report });
  }

  /** Nothing is left to do for the attempt. Answers like `report`. */
  async close(backupId: bigint, attempt: number, why: string): Promise<boolean> {
    const closedAtMs = this.#clock.nowMs();
    const closed = await this.#advance(backupId, attempt, { kind: "closed", closedAtMs, why });
    // The entry is closed whether old ones can be removed or not; the next one that is closed tries again.
    await this.#turns
      .take(async () => await this.#forgetClosedBefore(closedAtMs - closedKeptMs))
      .catch(() => undefined);
    return closed;
  }

  async #advance(backupId: bigint, attempt: number, state: BackupEntryState): Promise<boolean> {
    return await this.#turns.take(async () => {
      const entry = this.#entries.get(backupId);
      if (entry?.command.attempt !== attempt || entry.state.kind === "closed") return false;
      await this.#write({ ...entry, state });
      return true;
    });
  }

  async #forgetClosedBefore(timeMs: number): Promise<void> {
    for (const { command, state } of this.#entries.values()) {
      if (state.kind !== "closed" || state.closedAtMs >= timeMs) continue;
      await this.#folder.remove(String(command.backupId));
      this.#entries.delete(command.backupId);
    }
  }

  async #write(entry: BackupEntry): Promise<void> {
    await this.#folder.write(String(entry.command.backupId), encodeEntry(entry));
    this.#entries.set(entry.command.backupId, entry);
  }
}
