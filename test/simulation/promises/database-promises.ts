// What holds of the records: the life of each backup, its lock, its command, and what `completed` and `deleted` mean.
import type { BackupEvent } from "@manman/adapters/in-memory/memory-tables.ts";
import type { Backup } from "@manman/core/backup/backup.ts";
import { digestOf } from "../store.ts";
import type { BrokenPromises } from "./broken-promises.ts";
import { busyStatuses, endedStatuses, type AttemptFacts, type SeenWorld } from "./seen-world.ts";

/** What may follow what. */
const lawful: Record<string, readonly string[]> = {
  born: ["pending"],
  pending: ["running", "failed", "cancelled"],
  running: ["verifying", "pending", "failed", "cancelled"],
  verifying: ["completed", "pending", "failed"],
  completed: ["deleting"],
  failed: ["deleting"],
  cancelled: ["deleting"],
  deleting: ["deleted"],
  deleted: [],
};

export class DatabasePromises {
  readonly #world: SeenWorld;
  readonly #facts: AttemptFacts;
  readonly #broken: BrokenPromises;
  readonly #tellClaim: (backup: Backup) => void;
  readonly #byRequest = new Map<string, bigint>();
  #seen = 0;

  constructor(
    world: SeenWorld,
    facts: AttemptFacts,
    broken: BrokenPromises,
    onClaim: (backup: Backup) => void,
  ) {
    this.#tellClaim = onClaim;
    this.#world = world;
    this.#facts = facts;
    this.#broken = broken;
  }

  /** Looks at every transition that was committed since. */
  onCommit(): void {
    const { events } = this.#world.tables;
    for (; this.#seen < events.length; this.#seen += 1) {
      const event = events[this.#seen] as BackupEvent;
      this.#onTransition(event);
      this.#checkLock(event.backup.sgcId);
    }
  }

  #onTransition(event: BackupEvent): void {
    const { backup, from, to } = event;
    const name = `backup ${backup.backupId} attempt ${backup.attempt}`;
    if (!(lawful[from?.status ?? "born"] ?? []).includes(to)) {
      this.#broken.add("only lawful transitions", `${name}: ${from?.status} to ${to}`);
    }
    if (from !== null && backup.attempt !== from.attempt + (to === "pending" ? 1 : 0)) {
      this.#broken.add("attempts count up with each retry", `${name}: ${from.attempt} before`);
    }
    const isHostsFailure = event.who === "host" && (to === "pending" || to === "failed");
    if (
      isHostsFailure &&
      !this.#facts.failedUploads.has(this.#facts.uploadOfBackup.get(backup.backupId) ?? "")
    ) {
      this.#broken.add("a report counts for the attempt that made it", `${name}: a failure`);
    }
    switch (to) {
      case "pending":
        if (from === null) this.#onBirth(event);
        else if (backup.failure?.code === "lease_expired") this.#onExpiry(event);
        break;
      case "running":
        this.#onClaim(event);
        break;
      case "verifying":
        this.#onSent(event);
        break;
      case "completed":
        this.#onCompleted(event);
        break;
      case "failed":
        if (backup.failure?.code === "lease_expired") this.#onExpiry(event);
        break;
      case "deleted":
        if (this.#world.store.objects.has(backup.objectKey)) {
          this.#broken.add("deleted means gone", `${name}: the object is still there`);
        }
        break;
      case "cancelled":
      case "deleting":
        break;
    }
  }

  #onBirth({ backup }: BackupEvent): void {
    const { backupId, requestId, objectKey } = backup;
    this.#facts.backupOfKey.set(objectKey, backupId);
    const hasCommand = [...this.#world.tables.outbox.values()].some(
      ({ command }) => command.kind === "backup" && command.backupId === backupId,
    );
    if (!hasCommand) {
      this.#broken.add(
        "a command is committed with the record that calls for it",
        `backup ${backupId}`,
      );
    }
    if (requestId === null) return;
    const before = this.#byRequest.get(requestId);
    if (before !== undefined) {
      this.#broken.add("one request makes one backup", `${requestId}: ${before} and ${backupId}`);
    }
    this.#byRequest.set(requestId, backupId);
  }

  #onClaim({ backup }: BackupEvent): void {
    this.#tellClaim(backup);
    const { upload, backupId, attempt } = backup;
    const name = `${backupId}/${attempt}`;
    const before = upload === null ? undefined : this.#facts.attemptOfUpload.get(upload.uploadId);
    if (upload === null || (before !== undefined && before !== name)) {
      this.#broken.add("each attempt has an upload of its own", `${name}: it was ${before}'s`);
      return;
    }
    this.#facts.attemptOfUpload.set(upload.uploadId, name);
    this.#facts.uploadOfBackup.set(backupId, upload.uploadId);
  }

  #onSent({ backup }: BackupEvent): void {
    const { upload, report, backupId, attempt } = backup;
    const sent = this.#facts.packed.get(upload?.uploadId ?? "")?.get(report?.archiveSha256 ?? "");
    if (sent === undefined) {
      this.#broken.add(
        "a report counts for the attempt that made it",
        `backup ${backupId} attempt ${attempt}`,
      );
    }
  }

  #onCompleted({ backup }: BackupEvent): void {
    const { backupId, objectKey, report } = backup;
    const object = this.#world.store.objects.get(objectKey);
    if (object === undefined || object.bytes.byteLength !== report?.sizeBytes) {
      this.#broken.add(
        "completed means that the object is there as recorded",
        `backup ${backupId}`,
      );
      return;
    }
    if (
      object.uploadId !== this.#facts.uploadOfBackup.get(backupId) ||
      digestOf(object.bytes) !== report.archiveSha256
    ) {
      this.#broken.add("the object is what the completing attempt sent", `backup ${backupId}`);
    }
  }

  /** A host that could renew is not taken over: what kept it from renewing was on our side. */
  #onExpiry({ backup }: BackupEvent): void {
    const sinceMs = this.#world.nowMs() - this.#world.leaseMs;
    if (this.#facts.forgottenBackups.has(backup.backupId)) return;
    if (!this.#world.hostWasWellSince(backup.serverId, sinceMs)) return;
    this.#broken.add(
      "no attempt is taken over for an absence of our own",
      `backup ${backup.backupId} attempt ${backup.attempt}`,
    );
  }

  #checkLock(sgcId: bigint): void {
    const { backups, operations } = this.#world.tables;
    const holders = [...backups.values()].filter(
      ({ backup }) => backup.sgcId === sgcId && busyStatuses.includes(backup.status),
    );
    const holder = operations.get(sgcId);
    if (holders.length > 1) {
      this.#broken.add("one operation on a game at a time", `game ${sgcId}: ${holders.length}`);
    } else if (holder !== holders[0]?.backup.backupId) {
      this.#broken.add("the lock belongs to what is under way", `game ${sgcId}: backup ${holder}`);
    }
  }

  /** Whether a request has made a backup, so that it must be answered with that from now on. */
  hasMade(requestId: string): boolean {
    return this.#byRequest.has(requestId);
  }

  /** What is still under way; null where all is quiet. */
  unfinished(): string | null {
    const { tables } = this.#world;
    const open = [...tables.backups.values()].filter(
      ({ backup }) => !endedStatuses.includes(backup.status),
    );
    if (open.length > 0) {
      return open.map(({ backup }) => `backup ${backup.backupId} is ${backup.status}`).join(", ");
    }
    if (tables.operations.size > 0) return `${tables.operations.size} locks are held`;
    if (tables.outbox.size > 0) return `${tables.outbox.size} commands are to be sent`;
    if (tables.leftovers.size > 0) return `${tables.leftovers.size} leftovers`;
    return null;
  }
}
