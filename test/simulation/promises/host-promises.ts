// What holds between the broker and the hosts: what was acknowledged is safe, and an attempt is carried out once.
import type { StoredPart } from "@manman/core/backup/backup.ts";
import type { BusMessage } from "@manman/core/ports.ts";
import type { PackRun } from "../packer.ts";
import type { BrokenPromises } from "./broken-promises.ts";
import type { AttemptFacts, SeenWorld } from "./seen-world.ts";

type Report = {
  readonly backup_id: number;
  readonly attempt: number;
  readonly status: string;
};

export class HostPromises {
  readonly #world: SeenWorld;
  readonly #facts: AttemptFacts;
  readonly #broken: BrokenPromises;
  readonly #running = new Map<string, Set<PackRun>>();
  readonly #journalled = new Map<string, number>();
  readonly #reported = new Set<string>();
  readonly #noRoom = new Set<string>();

  constructor(world: SeenWorld, facts: AttemptFacts, broken: BrokenPromises) {
    this.#world = world;
    this.#facts = facts;
    this.#broken = broken;
  }

  /** A message was done with, and not as a dead letter. */
  onAcknowledged(queueName: string, { routingKey, body }: BusMessage): void {
    const message = JSON.parse(body) as Report;
    if (routingKey.startsWith("status.backup.")) this.#onReportAcknowledged(message);
    if (routingKey.endsWith(".backup") && queueName.startsWith("host-")) {
      const known = this.#journalled.get(`${queueName}/${message.backup_id}`) ?? 0;
      if (known >= message.attempt || this.#noRoom.delete(queueName)) return;
      const about = `backup ${message.backup_id} attempt ${message.attempt}`;
      this.#broken.add("a command is on disk before it is acknowledged", about);
    }
  }

  #onReportAcknowledged({ backup_id, attempt, status }: Report): void {
    const backup = this.#world.tables.backups.get(BigInt(backup_id))?.backup;
    if (status === "running" || backup?.status !== "running" || backup.attempt !== attempt) return;
    const about = `backup ${backup_id} attempt ${attempt}: ${status}`;
    this.#broken.add("a report is taken in before it is acknowledged", about);
  }

  /** A host has no room for new work: it may hand one command back, which its record outlives. */
  onNoRoom(queueName: string): void {
    this.#noRoom.add(queueName);
  }

  /** A host's journal has this text of an entry on disk now. */
  onJournal(queueName: string, text: string): void {
    const { command } = JSON.parse(text) as { command?: Report };
    if (command?.backup_id === undefined) return;
    const key = `${queueName}/${command.backup_id}`;
    this.#journalled.set(key, Math.max(command.attempt, this.#journalled.get(key) ?? 0));
  }

  /** A host's journal has lost what it knew of a backup. */
  onJournalLost(queueName: string, backupId: string): void {
    this.#facts.forgottenBackups.add(BigInt(backupId));
    for (const name of this.#reported) {
      if (name.startsWith(`${queueName}/${backupId}/`)) this.#reported.delete(name);
    }
  }

  /** A host begins to send a report. */
  onReport({ routingKey, body }: BusMessage, queueName: string): void {
    if (!routingKey.startsWith("status.backup.")) return;
    const { backup_id, attempt, status } = JSON.parse(body) as Report;
    if (status !== "running") this.#reported.add(`${queueName}/${backup_id}/${attempt}`);
  }

  onPackBegin(run: PackRun, queueName: string): void {
    const { uploadId } = run.order;
    const name = this.#facts.attemptOfUpload.get(uploadId) ?? "";
    if (this.#reported.has(`${queueName}/${name}`)) {
      this.#broken.add("what was reported is not carried out again", `attempt ${name}`);
    }
    const others = this.#running.get(uploadId) ?? new Set();
    if ([...others].some(({ hostManager }) => hostManager === run.hostManager)) {
      this.#broken.add("an attempt is carried out once at a time", `attempt ${name}`);
    }
    this.#running.set(uploadId, others.add(run));
  }

  onPacked({ order }: PackRun, sha256: string, parts: readonly StoredPart[]): void {
    const sent = this.#facts.packed.get(order.uploadId) ?? new Map<string, readonly StoredPart[]>();
    this.#facts.packed.set(order.uploadId, sent.set(sha256, parts));
  }

  onPackFailed({ order }: PackRun): void {
    this.#facts.failedUploads.add(order.uploadId);
  }

  onPackEnd(run: PackRun): void {
    this.#running.get(run.order.uploadId)?.delete(run);
  }
}
