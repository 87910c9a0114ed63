// The reference model: watches everything that happens in the simulated world and says which promise was broken, by whom and when. It
// knows no rule of the product; what is allowed is spelt out here once more.
import type { BackupEvent, MemoryTables } from "@manman/adapters/in-memory/memory-tables.ts";
import type { StoredPart } from "@manman/core/backup/backup.ts";
import type { BusMessage } from "@manman/core/ports.ts";
import type { PackRun } from "./packer.ts";
import { digestOf, type ObjectStore, type SimObject, type SimUpload } from "./store.ts";

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

const busy = ["pending", "running", "verifying"];
const ended = ["completed", "failed", "cancelled", "deleted"];

export type World = {
  readonly tables: MemoryTables;
  readonly nowMs: () => number;
  readonly leaseMs: number;
  /** Whether everything on the side of a server's host has been well since then, and the ways to it too. */
  readonly hostWasWellSince: (serverId: bigint, sinceMs: number) => boolean;
};

type Report = {
  readonly backup_id: number;
  readonly attempt: number;
  readonly status: string;
};

export class Promises {
  readonly broken: string[] = [];
  store: ObjectStore | null = null;
  readonly #world: World;
  #seen = 0;
  readonly #keys = new Map<string, bigint>();
  /** Of each upload that an attempt was given. */
  readonly #attempts = new Map<string, string>();
  readonly #uploadOf = new Map<bigint, string>();
  readonly #packed = new Map<string, Map<string, readonly StoredPart[]>>();
  /** Uploads of which a packer has said that it failed. */
  readonly #failed = new Set<string>();
  readonly #running = new Map<string, Set<PackRun>>();
  readonly #journalled = new Map<string, number>();
  readonly #reported = new Set<string>();
  readonly #noRoom = new Set<string>();
  readonly #byRequest = new Map<string, bigint>();
  readonly #acknowledged = new Map<string, bigint>();
  readonly #deletions = new Set<bigint>();
  readonly #foreignObjects = new Map<string, string>();
  readonly #foreignUploads = new Set<string>();

  constructor(world: World) {
    this.#world = world;
  }

  #break(promise: string, about: string): void {
    this.broken.push(`${promise}: ${about} (at ${(this.#world.nowMs() / 1_000).toFixed(3)} s)`);
  }

  /** A bug that a process has noticed by itself. */
  bug(why: string): void {
    this.#break("no process meets a bug", why);
  }

  /** A survey of the bucket names what belongs to a record, or what is there. */
  misreported(why: string): void {
    this.#break("only what belongs to nobody is reported", why);
  }

  /** After everything was well again for so long, something is still under way. */
  stuck(what: string): void {
    this.#break("nothing is stuck", what);
  }

  /** Whether the key is that of a backup. */
  knows(objectKey: string): boolean {
    return this.#keys.has(objectKey);
  }

  // ------------------------------------------------------------------------------------------------------------------
  // The database

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
      this.#break("only lawful transitions", `${name}: ${from?.status} to ${to}`);
    }
    if (from !== null && backup.attempt !== from.attempt + (to === "pending" ? 1 : 0)) {
      this.#break("attempts count up with each retry", `${name}: ${from.attempt} before`);
    }
    const isHostsFailure = event.who === "host" && (to === "pending" || to === "failed");
    if (isHostsFailure && !this.#failed.has(this.#uploadOf.get(backup.backupId) ?? "")) {
      this.#break("a report counts for the attempt that made it", `${name}: a failure`);
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
        if (this.store?.objects.has(backup.objectKey) === true) {
          this.#break("deleted means gone", `${name}: the object is still there`);
        }
        break;
      case "cancelled":
      case "deleting":
        break;
    }
  }

  #onBirth({ backup }: BackupEvent): void {
    const { backupId, requestId, objectKey } = backup;
    this.#keys.set(objectKey, backupId);
    const hasCommand = [...this.#world.tables.outbox.values()].some(
      ({ command }) => command.kind === "backup" && command.backupId === backupId,
    );
    if (!hasCommand) {
      this.#break("a command is committed with the record that calls for it", `backup ${backupId}`);
    }
    if (requestId === null) return;
    const before = this.#byRequest.get(requestId);
    if (before !== undefined) {
      this.#break("one request makes one backup", `${requestId}: ${before} and ${backupId}`);
    }
    this.#byRequest.set(requestId, backupId);
  }

  #onClaim({ backup }: BackupEvent): void {
    const { upload, backupId, attempt } = backup;
    const name = `${backupId}/${attempt}`;
    const before = upload === null ? undefined : this.#attempts.get(upload.uploadId);
    if (upload === null || (before !== undefined && before !== name)) {
      this.#break("each attempt has an upload of its own", `${name}: it was ${before}'s`);
      return;
    }
    this.#attempts.set(upload.uploadId, name);
    this.#uploadOf.set(backupId, upload.uploadId);
  }

  #onSent({ backup }: BackupEvent): void {
    const { upload, report, backupId, attempt } = backup;
    const sent = this.#packed.get(upload?.uploadId ?? "")?.get(report?.archiveSha256 ?? "");
    if (sent === undefined) {
      this.#break(
        "a report counts for the attempt that made it",
        `backup ${backupId} attempt ${attempt}`,
      );
    }
  }

  #onCompleted({ backup }: BackupEvent): void {
    const { backupId, objectKey, report } = backup;
    const object = this.store?.objects.get(objectKey);
    if (object === undefined || object.bytes.byteLength !== report?.sizeBytes) {
      this.#break("completed means that the object is there as recorded", `backup ${backupId}`);
      return;
    }
    if (
      object.uploadId !== this.#uploadOf.get(backupId) ||
      digestOf(object.bytes) !== report.archiveSha256
    ) {
      this.#break("the object is what the completing attempt sent", `backup ${backupId}`);
    }
  }

  /** A host that could renew is not taken over: what kept it from renewing was on our side. */
  #onExpiry({ backup }: BackupEvent): void {
    const sinceMs = this.#world.nowMs() - this.#world.leaseMs;
    if (!this.#world.hostWasWellSince(backup.serverId, sinceMs)) return;
    this.#break(
      "no attempt is taken over for an absence of our own",
      `backup ${backup.backupId} attempt ${backup.attempt}`,
    );
  }

  #checkLock(sgcId: bigint): void {
    const { backups, operations } = this.#world.tables;
    const holders = [...backups.values()].filter(
      ({ backup }) => backup.sgcId === sgcId && busy.includes(backup.status),
    );
    const holder = operations.get(sgcId);
    if (holders.length > 1) {
      this.#break("one operation on a game at a time", `game ${sgcId}: ${holders.length}`);
    } else if (holder !== holders[0]?.backup.backupId) {
      this.#break("the lock belongs to what is under way", `game ${sgcId}: backup ${holder}`);
    }
  }

  // ------------------------------------------------------------------------------------------------------------------
  // The store

  foreign(store: ObjectStore): void {
    for (const [key, { bytes }] of store.objects) this.#foreignObjects.set(key, digestOf(bytes));
    for (const uploadId of store.uploads.keys()) this.#foreignUploads.add(uploadId);
  }

  onObject(objectKey: string, object: SimObject | null): void {
    const backupId = this.#keys.get(objectKey);
    if (backupId === undefined) {
      this.#break("nothing that is unknown is touched", objectKey);
      return;
    }
    const { backup } = this.#world.tables.backups.get(backupId) ?? {};
    if (backup?.status !== "completed") return;
    const what = object === null ? "removed" : "replaced";
    this.#break("the bytes of a completed backup never change", `${objectKey} was ${what}`);
  }

  onAbort({ uploadId, objectKey }: SimUpload): void {
    if (this.#foreignUploads.has(uploadId)) {
      this.#break("nothing that is unknown is touched", `upload ${uploadId} of ${objectKey}`);
    }
    const backupId = this.#keys.get(objectKey);
    const row = backupId === undefined ? undefined : this.#world.tables.backups.get(backupId);
    if (row?.backup.upload?.uploadId === uploadId && busy.includes(row.backup.status)) {
      this.#break("nothing that is needed is removed", `upload ${uploadId} of ${objectKey}`);
    }
  }

  // ------------------------------------------------------------------------------------------------------------------
  // The broker and the hosts

  onAcknowledged(queueName: string, { routingKey, body }: BusMessage): void {
    const message = JSON.parse(body) as Report;
    if (routingKey.startsWith("status.backup.")) this.#onReportAcknowledged(message);
    if (routingKey.endsWith(".backup") && queueName.startsWith("host-")) {
      const known = this.#journalled.get(`${queueName}/${message.backup_id}`) ?? 0;
      if (known >= message.attempt || this.#noRoom.delete(queueName)) return;
      const about = `backup ${message.backup_id} attempt ${message.attempt}`;
      this.#break("a command is on disk before it is acknowledged", about);
    }
  }

  #onReportAcknowledged({ backup_id, attempt, status }: Report): void {
    const backup = this.#world.tables.backups.get(BigInt(backup_id))?.backup;
    if (status === "running" || backup?.status !== "running" || backup.attempt !== attempt) return;
    const about = `backup ${backup_id} attempt ${attempt}: ${status}`;
    this.#break("a report is taken in before it is acknowledged", about);
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

  /** A host begins to send a report. */
  onReport({ routingKey, body }: BusMessage, queueName: string): void {
    if (!routingKey.startsWith("status.backup.")) return;
    const { backup_id, attempt, status } = JSON.parse(body) as Report;
    if (status !== "running") this.#reported.add(`${queueName}/${backup_id}/${attempt}`);
  }

  onPackBegin(run: PackRun, queueName: string): void {
    const { uploadId } = run.order;
    const name = this.#attempts.get(uploadId) ?? "";
    if (this.#reported.has(`${queueName}/${name}`)) {
      this.#break("what was reported is not carried out again", `attempt ${name}`);
    }
    const others = this.#running.get(uploadId) ?? new Set();
    if ([...others].some(({ hostManager }) => hostManager === run.hostManager)) {
      this.#break("an attempt is carried out once at a time", `attempt ${name}`);
    }
    this.#running.set(uploadId, others.add(run));
  }

  onPacked({ order }: PackRun, sha256: string, parts: readonly StoredPart[]): void {
    const sent = this.#packed.get(order.uploadId) ?? new Map<string, readonly StoredPart[]>();
    this.#packed.set(order.uploadId, sent.set(sha256, parts));
  }

  onPackFailed({ order }: PackRun): void {
    this.#failed.add(order.uploadId);
  }

  onPackEnd(run: PackRun): void {
    this.#running.get(run.order.uploadId)?.delete(run);
  }

  onGameStopped(sessionId: bigint): void {
    // What a late start has begun is ended where the session was given up meanwhile: it would be nobody's.
    if (this.#world.tables.sessions.get(sessionId)?.status === "crashed") return;
    this.#break("a game is never stopped", `session ${sessionId}`);
  }

  // ------------------------------------------------------------------------------------------------------------------
  // The callers

  onRequestAcknowledged(requestId: string, backupId: bigint): void {
    const before = this.#acknowledged.get(requestId);
    if (before !== undefined && before !== backupId) {
      this.#break(
        "a repeated request gets its first answer",
        `${requestId}: ${before}, ${backupId}`,
      );
    }
    this.#acknowledged.set(requestId, backupId);
    if (!this.#world.tables.backups.has(backupId)) {
      this.#break("no acknowledged request is lost", `${requestId}: backup ${backupId}`);
    }
  }

  /** Whether a request has made a backup, so that it must be answered with that from now on. */
  hasMade(requestId: string): boolean {
    return this.#byRequest.has(requestId);
  }

  onRepeatRefused(requestId: string): void {
    this.#break("a repeated request gets its first answer", `${requestId} was refused`);
  }

  onDeletionAcknowledged(backupId: bigint): void {
    this.#deletions.add(backupId);
  }

  // ------------------------------------------------------------------------------------------------------------------
  // The end

  onCancellationAcknowledged(backupId: bigint): void {
    const status = this.#world.tables.backups.get(backupId)?.backup.status ?? "gone";
    if (["cancelled", "deleting", "deleted"].includes(status)) return;
    this.#break("an acknowledged cancellation holds", `backup ${backupId} is ${status}`);
  }

  /** What is still under way; null where all is quiet. */
  unfinished(): string | null {
    const { tables } = this.#world;
    const open = [...tables.backups.values()].filter(
      ({ backup }) => !ended.includes(backup.status),
    );
    if (open.length > 0) {
      return open.map(({ backup }) => `backup ${backup.backupId} is ${backup.status}`).join(", ");
    }
    if (tables.operations.size > 0) return `${tables.operations.size} locks are held`;
    if (tables.outbox.size > 0) return `${tables.outbox.size} commands are to be sent`;
    if (tables.leftovers.size > 0) return `${tables.leftovers.size} leftovers`;
    return null;
  }

  checkEnd(): void {
    const store = this.store;
    if (store === null) return;
    const { tables } = this.#world;
    for (const [requestId, backupId] of this.#acknowledged) {
      if (!tables.backups.has(backupId)) {
        this.#break("no acknowledged request is lost", `${requestId}: backup ${backupId}`);
      }
    }
    for (const { backup } of tables.backups.values()) {
      const { backupId, objectKey, status, report } = backup;
      const object = store.objects.get(objectKey);
      if (this.#deletions.has(backupId) && status !== "deleted") {
        this.#break("an acknowledged deletion is carried out", `backup ${backupId} is ${status}`);
      }
      if (status === "completed") {
        if (object === undefined || digestOf(object.bytes) !== report?.archiveSha256) {
          this.#break("the bytes of a completed backup never change", `${objectKey} at the end`);
        }
      } else if (object !== undefined) {
        this.#break("nothing is left that no record owns", `${objectKey}, which is ${status}`);
      }
    }
    for (const [uploadId, { objectKey }] of store.uploads) {
      if (this.#foreignUploads.has(uploadId)) continue;
      this.#break("no upload is left open", `${uploadId} of ${objectKey}`);
    }
    for (const uploadId of this.#foreignUploads) {
      if (!store.uploads.has(uploadId)) {
        this.#break("nothing that is unknown is touched", `upload ${uploadId} is gone`);
      }
    }
    for (const [key, digest] of this.#foreignObjects) {
      const object = store.objects.get(key);
      if (object === undefined || digestOf(object.bytes) !== digest) {
        this.#break("nothing that is unknown is touched", `object ${key}`);
      }
    }
  }
}
