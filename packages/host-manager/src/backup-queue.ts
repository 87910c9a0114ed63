// Works on the backups in the journal: in the order of their commands, a bounded number at a time, each until its report is with the broker.
import type { BackupReport } from "@manman/contract/bus/reports.ts";
import { wordsOf } from "@manman/core/fault.ts";
import type { Logger } from "pino";
import type { AttemptId, RunningAttempt } from "./control-plane-api.ts";
import type { BackupEntry } from "./journal/backup-entry.ts";
import type { BackupJournal } from "./journal/backup-journal.ts";
import type { PackProgress } from "./packer/pack-messages.ts";
import type { OutgoingReports } from "./reports.ts";
import type { Patience } from "./retry.ts";
import { runBackup, type BackupParts } from "./run-backup.ts";

export type BackupQueueParts = BackupParts & {
  readonly journal: BackupJournal;
  readonly reports: OutgoingReports;
  readonly packersMax: number;
  readonly patience: Omit<Patience, "signal">;
  readonly log: Logger;
};

/** An attempt that is being carried out. */
type Running = {
  readonly entry: BackupEntry;
  readonly abort: AbortController;
  readonly ended: Promise<void>;
  claimed: boolean;
  progress: PackProgress | undefined;
};

export class BackupQueue {
  readonly #parts: BackupQueueParts;
  readonly #running = new Map<bigint, Running>();
  #stopped = false;

  constructor(parts: BackupQueueParts) {
    this.#parts = parts;
  }

  /** Sends the reports that were left over, and starts on the rest. */
  start(): void {
    for (const { command, state } of this.#parts.journal.unfinished()) {
      if (state.kind === "reported") this.#send(command, state.report);
    }
    this.wake();
  }

  /** Looks for work; to be called whenever the journal has taken on a command. An attempt with a newer one in the journal is called off. */
  wake(): void {
    for (const { entry, abort } of this.#running.values()) {
      const newest = this.#parts.journal.get(entry.command.backupId);
      if (newest?.command.attempt !== entry.command.attempt) abort.abort(new Error("superseded"));
    }
    for (const entry of this.#parts.journal.unfinished()) {
      if (this.#stopped || this.#running.size >= this.#parts.packersMax) return;
      if (entry.state.kind === "accepted" && !this.#running.has(entry.command.backupId)) {
        this.#begin(entry);
      }
    }
  }

  /** The attempts whose leases are ours to renew: claimed, and not yet reported to the broker. */
  held(): readonly RunningAttempt[] {
    const running = [...this.#running.values()].filter(({ claimed }) => claimed);
    const reported = this.#parts.journal
      .unfinished()
      .filter(
        ({ command, state }) => state.kind === "reported" && !this.#running.has(command.backupId),
      );
    return [
      ...running.map(({ entry, progress }) => ({ ...attemptOf(entry), progress })),
      ...reported.map((entry) => ({ ...attemptOf(entry), progress: undefined })),
    ];
  }

  /** The control plane says that an attempt no longer counts. Rejects with an `away` Fault when that cannot be written down. */
  async drop({ backupId, attempt }: AttemptId, reason: string): Promise<void> {
    const running = this.#running.get(backupId);
    try {
      await this.#parts.journal.close(backupId, attempt, reason);
    } finally {
      // Where the entry could not be closed it is claimed again, and found to be stale.
      if (running?.entry.command.attempt === attempt) running.abort.abort(new Error(reason));
    }
  }

  /** Ends the packers and leaves their entries for the next start, which carries them out from their beginning. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const { abort } of this.#running.values())
      abort.abort(new Error("the host manager stops"));
    await Promise.all([...this.#running.values()].map(async ({ ended }) => await ended));
  }

  #begin(entry: BackupEntry): void {
    const abort = new AbortController();
    const running: Running = {
      entry,
      abort,
      claimed: false,
      progress: undefined,
      ended: Promise.resolve().then(async () => await this.#carryOut(running)),
    };
    this.#running.set(entry.command.backupId, running);
  }

  async #carryOut(running: Running): Promise<void> {
    const { entry, abort } = running;
    const { backupId, attempt, sgcId } = entry.command;
    const log = this.#parts.log.child({ backup_id: backupId, attempt, sgc_id: sgcId });
    const patience = { ...this.#parts.patience, signal: abort.signal };
    try {
      const report = await runBackup(this.#parts, entry, patience, {
        onClaimed: () => {
          running.claimed = true;
          this.#parts.reports.send(runningReport(this.#parts, entry));
        },
        onProgress: (progress) => {
          running.progress = progress;
        },
        log,
      });
      if (report !== undefined) this.#send(entry.command, report);
    } catch (error) {
      if (!abort.signal.aborted) throw error;
      log.info({ reason: wordsOf(abort.signal.reason) }, "attempt called off");
    } finally {
      this.#running.delete(backupId);
      this.wake();
    }
  }

  #send({ backupId, attempt }: AttemptId, report: BackupReport): void {
    this.#parts.reports.send(report, async () => {
      await this.#parts.journal.close(backupId, attempt, "reported");
    });
  }
}

/** For whoever watches the bus; the control plane knows from the claim. */
function runningReport({ host }: BackupQueueParts, { command }: BackupEntry): BackupReport {
  const { backupId, attempt, sgcId } = command;
  const { serverId } = host;
  return { kind: "status.backup", status: "running", backupId, attempt, sgcId, serverId };
}

function attemptOf({ command }: BackupEntry): AttemptId {
  return { backupId: command.backupId, attempt: command.attempt };
}
