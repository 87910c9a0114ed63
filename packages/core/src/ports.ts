// What the control plane and the host manager need from outside, each promise stated once. Implementations live in
// packages/adapters, and all of one port pass the same conformance suite in test/conformance.
// Every method may throw a Fault; `away` means that nothing is known of the outcome, and that the same call may be repeated.
import type {
  Backup,
  BackupDecision,
  BackupEvent,
  BackupProgress,
  Leftover,
  StoredPart,
} from "./backup/backup.ts";
import type {
  BackupBirth,
  BackupRequest,
  BackupSituation,
  OperationInProgress,
} from "./backup/create-backup.ts";
import type {
  BucketFinding,
  CompletedBackup,
  ListedObject,
  ListedUpload,
  SurveyedRecords,
  UploadPlace,
} from "./bucket-survey.ts";
import type { DeadLetter } from "./dead-letter.ts";
import type { PortBinding } from "./host-command.ts";
import type { Refusal } from "./refusal.ts";
import type { GameConfig, HostState, Server, ServerGameConfig } from "./server.ts";
import type { SessionStatus } from "./session/lifecycle.ts";
import type { Session } from "./session/session.ts";
import type { StartDecision, StartSituation } from "./session/start-session.ts";
import type { SessionDecision } from "./session/stop-session.ts";

// ---------------------------------------------------------------------------------------------------------------------
// The records: PostgreSQL, the only source of truth

/** One page by keyset: records with an id below `beforeId` (null: from the newest), newest first, at most `limit`. */
export type Page = { readonly beforeId: bigint | null; readonly limit: number };

/**
 * A rule is shown one record under its row lock, with the database's time, and answers what shall become of it. It must be pure:
 * after a conflict it is asked again. What it answers is written in one transaction, or not at all.
 */
export type Rule<Shown, Answer> = (shown: Shown, nowMs: number) => Answer;

export interface ServerRecords {
  /**
   * The server of that name, made when there is none. An empty environment is filled in; another one than the recorded
   * refuses. Records the host manager, and refuses one that the server does not belong to (`refuseInstance`); an `instanceId` that is
   * null names none. Says that the host was seen now, unless it refuses.
   */
  register(
    host: {
      readonly name: string;
      readonly environment: string;
      readonly capabilities: Readonly<Record<string, unknown>> | null;
      readonly instanceId: string | null;
    },
    hostOnlineMs: number,
  ): Promise<Server | Refusal>;
  /** A server that no host has registered as yet. A name that is taken refuses. */
  create(name: string): Promise<Server | Refusal>;
  /** Says that the host was seen now; null where there is no such server. */
  seen(
    serverId: bigint,
    capabilities: Readonly<Record<string, unknown>> | null,
  ): Promise<Server | null>;
  /**
   * The same, said by the host manager of that name, with what keeps it from taking new work on (empty: nothing). A server that none is
   * on record for belongs to it from then on. Refuses, and writes nothing, where the server does not belong to it (`refuseInstance`).
   */
  seenBy(
    serverId: bigint,
    instanceId: string,
    hostOnlineMs: number,
    hostProblem: string,
  ): Promise<Server | Refusal | null>;
  /**
   * Forgets the host manager that the server belongs to, which is not let back by itself (with `readmit`, it is). Repeating it changes
   * nothing. Null where there is no such server.
   */
  forgetInstance(serverId: bigint, readmit: boolean): Promise<Server | null>;
  get(serverId: bigint): Promise<Server | null>;
  getByName(name: string): Promise<Server | null>;
  list(page: Page): Promise<readonly Server[]>;
}

export interface GameRecords {
  createConfig(config: Omit<GameConfig, "configId">): Promise<GameConfig>;
  getConfig(configId: bigint): Promise<GameConfig | null>;
  /** `gameId` null: of every game. */
  listConfigs(gameId: bigint | null, page: Page): Promise<readonly GameConfig[]>;
  /** Refuses an unknown server or config by name. */
  deploy(game: {
    readonly serverId: bigint;
    readonly configId: bigint;
    readonly portBindings: readonly PortBinding[];
  }): Promise<ServerGameConfig | Refusal>;
  getGame(sgcId: bigint): Promise<ServerGameConfig | null>;
  /** `serverId` null: on every server. */
  listGames(serverId: bigint | null, page: Page): Promise<readonly ServerGameConfig[]>;
}

export type SessionFilter = {
  readonly sgcId: bigint | null;
  readonly serverId: bigint | null;
  /** Empty: any status. */
  readonly statuses: readonly SessionStatus[];
  readonly startedAfterMs: number | null;
  readonly startedBeforeMs: number | null;
};

export interface SessionRecords {
  /**
   * Decides under the lock of the server game config, and writes stops, the new session and the commands in one transaction.
   * The rule is shown null where there is no such server game config.
   */
  start(
    sgcId: bigint,
    rule: Rule<StartSituation | null, StartDecision>,
  ): Promise<Session | Refusal>;
  /** Null where there is no such session. */
  change(
    sessionId: bigint,
    rule: Rule<Session, SessionDecision>,
  ): Promise<Outcome<Session, SessionDecision> | null>;
  get(sessionId: bigint): Promise<Session | null>;
  /**
   * Up to `limit` sessions that are due, longest due first. Taking one changes nothing: a rule that is shown it finds it not due where
   * somebody else has looked at it meanwhile. `hostOnlineMs`: a host seen within that time counts as online.
   */
  due(
    limit: number,
    hostOnlineMs: number,
  ): Promise<readonly { readonly session: Session; readonly host: HostState }[]>;
  list(filter: SessionFilter, page: Page): Promise<readonly Session[]>;
}

/** The record after a rule was applied, with what the rule answered. */
export type Outcome<Record, Decision> = { readonly record: Record; readonly decision: Decision };

export type BackupFilter = {
  readonly sgcId: bigint | null;
  readonly sessionId: bigint | null;
  readonly includeDeleted: boolean;
};

/** One attempt that a host says it works on. */
export type HeldAttempt = {
  readonly backupId: bigint;
  readonly attempt: number;
  readonly progress: Omit<BackupProgress, "updatedAtMs"> | null;
};

/** A backup with the server that somebody wants to work on it for. */
export type BackupUnder = { readonly backup: Backup; readonly server: Server | null };

export interface BackupRecords {
  /** What bears on each request, in the order of the requests; one snapshot, no locks. */
  situations(requests: readonly BackupRequest[]): Promise<readonly BackupSituation[]>;
  /**
   * Writes each birth with its operation lock, event and command in one transaction: record `pending`, attempt 1, due after
   * `redispatchMs`. A birth whose game was taken by another operation, whose `requestId` is in use, or that stands twice
   * among `births`, is answered with null and leaves nothing; the others are written.
   */
  create(births: readonly BackupBirth[], redispatchMs: number): Promise<readonly (Backup | null)[]>;
  /**
   * Applies a rule to one backup: record, event (when the status changed), operation lock (released when the new status does
   * not hold it), command and leftover in one transaction. Null where there is no such backup.
   */
  change(
    backupId: bigint,
    rule: Rule<Backup, BackupDecision>,
  ): Promise<Outcome<Backup, BackupDecision> | null>;
  /**
   * Like `change`, for what a host manager may do only while the server is its own. The rule is shown the server too (null where there is
   * none), which stays as it is until the change is committed: no takeover comes between.
   */
  changeUnder(
    serverId: bigint,
    backupId: bigint,
    rule: Rule<BackupUnder, BackupDecision>,
  ): Promise<Outcome<Backup, BackupDecision> | null>;
  get(backupId: bigint): Promise<Backup | null>;
  list(filter: BackupFilter, page: Page): Promise<readonly Backup[]>;
  /** Up to `limit` events of one backup after `afterSequence`, oldest first. Sequences have no gaps. */
  events(backupId: bigint, afterSequence: number, limit: number): Promise<readonly BackupEvent[]>;
  /** What holds the operation lock of a server game config. */
  operation(sgcId: bigint): Promise<OperationInProgress | null>;
  /**
   * Renews the leases of the attempts that this server's host manager truly holds, stores their progress, and answers the ones
   * that no longer count, each with the reason.
   */
  renew(
    serverId: bigint,
    instanceId: string,
    attempts: readonly HeldAttempt[],
    leaseMs: number,
  ): Promise<
    readonly { readonly backupId: bigint; readonly attempt: number; readonly reason: string }[]
  >;
  /**
   * Up to `limit` backups that are due, longest due first. Those taken are hidden from other takers for `holdMs`, so that control
   * planes side by side do not work on the same one; a taker that dies loses nothing. `hostOnlineMs`: a host seen within
   * that time counts as online. `expireLeases` false leaves running backups out.
   */
  takeDue(take: {
    readonly limit: number;
    readonly holdMs: number;
    readonly hostOnlineMs: number;
    readonly expireLeases: boolean;
  }): Promise<readonly { readonly backup: Backup; readonly host: HostState }[]>;
  /**
   * Up to `limit` backups with an id above `afterId` that run on a server under a host manager that it does not belong to, in the order
   * of their ids. `instanceId` null: under any.
   */
  runningUnderOthers(
    serverId: bigint,
    instanceId: string | null,
    afterId: bigint,
    limit: number,
  ): Promise<readonly Backup[]>;
  /**
   * Makes every running lease end no earlier than `atLeastMs` from now, so that hosts which could not reach us in our own absence
   * are not taken over. Repeating it, or control planes side by side that all do it, adds nothing.
   */
  extendLeases(atLeastMs: number): Promise<void>;
  /** Up to `limit` leftovers that are due, hidden from other takers for `holdMs`. */
  takeLeftovers(limit: number, holdMs: number): Promise<readonly LeftoverRecord[]>;
  /** The leftover is cleared away. */
  dropLeftover(leftoverId: bigint): Promise<void>;
  /** It could not be cleared away now; comes back after `waitMs`. */
  putOffLeftover(leftoverId: bigint, waitMs: number, reason: string): Promise<void>;
  /** Puts a leftover on record by itself: an upload that was opened for a claim that somebody else won. */
  addLeftover(backupId: bigint, leftover: Leftover): Promise<void>;
}

export type LeftoverRecord = Leftover & {
  readonly leftoverId: bigint;
  readonly backupId: bigint;
  /** Since it was put on record, by the database's clock. */
  readonly ageMs: number;
  /** How often it was put off. */
  readonly tries: number;
};

/** A message that was committed together with the change that calls for it. */
export type OutboxMessage = BusMessage & {
  readonly outboxId: bigint;
  /** How often it was put off. */
  readonly tries: number;
};

export type OutboxVerdict =
  | { readonly kind: "sent" }
  | { readonly kind: "put-off"; readonly waitMs: number; readonly reason: string };

export interface Outbox {
  /**
   * Shows `send` up to `limit` messages that are due, oldest first, hidden from other relays meanwhile. Removes those that it
   * answers as sent, puts the others off. When `send` throws, or the process dies, all of them come back. Answers how many were shown.
   */
  relay(
    limit: number,
    send: (messages: readonly OutboxMessage[]) => Promise<readonly OutboxVerdict[]>,
  ): Promise<number>;
  /** Makes messages that were put off for a server due now: its queue exists again. */
  retryFor(serverId: bigint): Promise<void>;
}

/** Which installation the records are of. */
export type Installation = {
  /** A UUID that was made with the database. */
  readonly installationId: string;
  readonly createdAtMs: number;
  /** The highest backup id that was ever handed out, also to a backup that came to nothing; 0 if none. */
  readonly highestBackupId: bigint;
  /** The highest backup id that a record bears; 0 if none. */
  readonly highestRecordedBackupId: bigint;
};

export interface InstallationRecords {
  get(): Promise<Installation>;
  /** Lets new backups have ids above this one; does nothing where they have already. */
  raiseBackupIds(backupId: bigint): Promise<void>;
}

/** One survey of the bucket, and what it has counted so far. */
export type BucketSurvey = {
  readonly surveyId: bigint;
  readonly begunAtMs: number;
  /** Null while it is under way. */
  readonly finishedAtMs: number | null;
  readonly objects: number;
  readonly uploads: number;
  readonly unknownObjects: number;
  readonly unknownUploads: number;
  readonly missingObjects: number;
};

/** Where a survey goes on: objects come first, then uploads. Null: from the first one. */
export type SurveyPlace =
  | { readonly phase: "objects"; readonly afterKey: string | null }
  | { readonly phase: "uploads"; readonly after: UploadPlace | null };

/** The right to record the next page of a survey, once; a later turn takes it away. */
export type SurveyTurn = {
  readonly surveyId: bigint;
  readonly turn: bigint;
  readonly place: SurveyPlace;
};

/** What one turn has brought. */
export type SurveyedPage = {
  readonly objects: number;
  readonly uploads: number;
  readonly findings: readonly BucketFinding[];
  /** Null: the survey is finished. */
  readonly next: SurveyPlace | null;
  /** How long nobody takes the next turn. */
  readonly waitMs: number;
};

export interface SurveyRecords {
  /** The survey that is under way, which is begun unless there is one. */
  request(): Promise<BucketSurvey>;
  /**
   * The next turn of the survey under way, hidden from other takers for `holdMs`; null while there is none, or another has it. Where none
   * is under way and the last one was begun `everyMs` ago or more, another is begun, whose first turn the next call may take; null begins none.
   */
  take(everyMs: number | null, holdMs: number): Promise<SurveyTurn | null>;
  /** What is known of these backups, at most 1,000, and the database's time. */
  known(backupIds: readonly bigint[]): Promise<SurveyedRecords>;
  /**
   * Completed backups with a key after `afterKey` and up to `upToKey` (null: without that bound), in the byte order of their keys, at most `limit`.
   */
  completed(
    afterKey: string | null,
    upToKey: string | null,
    limit: number,
  ): Promise<readonly CompletedBackup[]>;
  /**
   * Writes a page's findings (`findingsKeptMax` a survey, more are counted), its counts and the place of the next in one transaction, and answers
   * the survey. Null, and nothing is written, where a later turn was taken meanwhile, or this one was recorded before. A finished survey takes the place of the one before.
   */
  record(turn: SurveyTurn, page: SurveyedPage): Promise<BucketSurvey | null>;
  /** The last one that was finished and the one that is under way. */
  surveys(): Promise<{
    readonly finished: BucketSurvey | null;
    readonly underWay: BucketSurvey | null;
  }>;
  /** Findings of a survey in the order of their ids, those above `afterId`, at most `limit`. None where a later survey has taken its place. */
  findings(
    surveyId: bigint,
    afterId: bigint,
    limit: number,
  ): Promise<readonly (BucketFinding & { readonly findingId: bigint })[]>;
}

export interface Records {
  readonly installation: InstallationRecords;
  readonly survey: SurveyRecords;
  readonly servers: ServerRecords;
  readonly games: GameRecords;
  readonly sessions: SessionRecords;
  readonly backups: BackupRecords;
  readonly outbox: Outbox;
  /** Throws a Fault while the database does not answer. */
  check(): Promise<void>;
  close(): Promise<void>;
}

// ---------------------------------------------------------------------------------------------------------------------
// The bus: RabbitMQ

export type BusMessage = {
  readonly routingKey: string;
  /** The same each time the message is sent again. */
  readonly messageId: string;
  /** JSON. */
  readonly body: string;
};

export type Delivery = {
  readonly routingKey: string;
  readonly messageId: string;
  readonly body: Uint8Array;
};

/** What a handler makes of a delivery. */
export type DeliveryVerdict =
  /** Taken on: what it asks for is on disk or in the database, or it asks for nothing new. */
  | { readonly kind: "done" }
  /** Nobody can take it; it goes to the dead-letter queue with the reason. */
  | { readonly kind: "dead-letter"; readonly reason: string };

export type Consumption = { close(): Promise<void> };

export type DeadLetters = {
  readonly letters: readonly DeadLetter[];
  /** How many are kept, with those that are too far back to be seen. */
  readonly count: number;
};

export interface Bus {
  /**
   * `routed` once the message is safe in at least one queue, `unroutable` when no queue is bound for it (and the message is
   * dropped). Bounded in time: throws `away` where the broker is not there or has not confirmed it, and then the message may come
   * nevertheless; `rejected` for one that is larger than the bus takes.
   */
  publish(message: BusMessage): Promise<"routed" | "unroutable">;
  /** Makes a host's queue, bound and durable, unless it exists. */
  declareHostQueue(serverId: bigint): Promise<void>;
  /**
   * Gives the messages of a queue (made unless it exists) to `handle`, at most `prefetch` at a time, and acknowledges each after
   * its verdict. Order within the queue is kept where `prefetch` is 1. A handler that throws an `away` Fault gets the same
   * message again after a backoff, for as long as it takes; one that throws anything else gets it three times, then it is
   * dead-lettered with the words of the error. Survives the broker's restarts. Resolves once consuming has begun, however long the
   * broker is away; throws `rejected` where it cannot begin before somebody has mended something.
   */
  consume(
    source: { readonly queue: "reports" } | { readonly queue: "host"; readonly serverId: bigint },
    prefetch: number,
    handle: (delivery: Delivery) => Promise<DeliveryVerdict>,
  ): Promise<Consumption>;
  /** Messages that wait in the reports queue. */
  reportsWaiting(): Promise<number>;
  /**
   * The dead letters that have waited longest, `deadLettersSeenMax` at most, by time of death; nothing is taken out of where they are
   * kept. Lookers at dead letters wait for each other, for a bounded time; then `away` is thrown, by the two below as well.
   */
  listDeadLetters(): Promise<DeadLetters>;
  /**
   * Publishes one of those again as it was first published, and lets go of it only once it is safe in a queue: whatever fails, and
   * whoever dies, at worst there are two of it then. An `unroutable` one stays. `missing` where none has the id.
   */
  replayDeadLetter(deadLetterId: string): Promise<"replayed" | "unroutable" | "missing">;
  /** Removes one of those for good. `missing` where none has the id. */
  dropDeadLetter(deadLetterId: string): Promise<"dropped" | "missing">;
  /** Throws a Fault while the broker does not answer. */
  check(): Promise<void>;
  /** Called at once with the present state, then whenever the connection is lost (false) or there again (true). */
  onConnectionChange(listener: (connected: boolean) => void): void;
  /** Ends consumption and connection; messages in hand are finished first, for at most a few seconds. */
  close(): Promise<void>;
}

// ---------------------------------------------------------------------------------------------------------------------
// The object store: S3

export type StoredObject = { readonly sizeBytes: number; readonly etag: string };

export type OpenUpload = { readonly uploadId: string; readonly initiatedAtMs: number };

/** What the control plane keeps in the bucket about itself is no larger. */
export const smallObjectBytesMax = 65_536;

/** What the control plane does in the store: it alone opens, completes and aborts uploads, which makes aborting a fence. */
export interface UploadControl {
  /** Opens a multipart upload; two calls open two. */
  openUpload(objectKey: string): Promise<string>;
  /**
   * Makes the object out of exactly these parts, replacing one of the same key. May be repeated: when the upload was completed
   * before, it succeeds or throws `missing`. Throws `missing` where the upload does not exist, `rejected` where the parts do not
   * match: another attempt may do, with an upload of its own. Parts that were sent and are not among these are left out, or, in
   * some stores, make it `rejected`. Sizes are for `inspectObject` to check.
   */
  completeUpload(objectKey: string, uploadId: string, parts: readonly StoredPart[]): Promise<void>;
  /** Frees an upload's parts and refuses further ones; an upload that does not exist is aborted already. */
  abortUpload(objectKey: string, uploadId: string): Promise<void>;
  /** The uploads that are open under exactly this key, at most 1,000. */
  listUploads(objectKey: string): Promise<readonly OpenUpload[]>;
  /** Null where there is no object. */
  inspectObject(objectKey: string): Promise<StoredObject | null>;
  /** Removes the object with all its versions; one that does not exist is removed already. */
  removeObject(objectKey: string): Promise<void>;
  /** The bytes of an object of at most `smallObjectBytesMax`; null where there is none. Throws `rejected` for a larger one. */
  readSmallObject(objectKey: string): Promise<Uint8Array | null>;
  /**
   * Makes an object unless there is one of that key. Of two callers at the same moment one wins, or, in stores that know no
   * conditions, the last one: who must know reads it back.
   */
  createSmallObject(objectKey: string, bytes: Uint8Array): Promise<void>;
  /** Makes an object, or takes the place of the one of that key, in one step. */
  replaceSmallObject(objectKey: string, bytes: Uint8Array): Promise<void>;
  /** The address that records show: `s3://bucket/key`, or `file:///…`. */
  urlOf(objectKey: string): string;
  /** Throws a Fault while the store does not answer or refuses the bucket. */
  check(): Promise<void>;
  close(): void;
}

/** What a survey of the bucket sees; it changes nothing. */
export interface BucketListing {
  /**
   * Objects whose keys begin with `prefix`, in the byte order of their keys, from the first one after `afterKey` (null: from the first), at most
   * `limit`, which is at most 1,000. `isLast`: there are no more. One that is there throughout is never left out.
   */
  listObjects(
    prefix: string,
    afterKey: string | null,
    limit: number,
  ): Promise<{ readonly objects: readonly ListedObject[]; readonly isLast: boolean }>;
  /**
   * Open uploads of keys that begin with `prefix`, in an order of the store's own, at most `limit`, which is at most 1,000. `next` is the `after` of
   * the page that follows, also when uploads have ended meanwhile; null on the last. One that is open throughout is never left out.
   */
  listOpenUploads(
    prefix: string,
    after: UploadPlace | null,
    limit: number,
  ): Promise<{ readonly uploads: readonly ListedUpload[]; readonly next: UploadPlace | null }>;
}

/** Consecutive bytes of an object as it is while it has this etag. */
export type ObjectRange = {
  readonly objectKey: string;
  /** As `inspectObject` answers it. */
  readonly etag: string;
  readonly offsetBytes: number;
  /** At least 1. */
  readonly lengthBytes: number;
};

/** One read brings no more, since it is held in memory. */
export const objectReadBytesMax = 67_108_864;

/** What readers of finished objects do in the store. */
export interface ObjectReader extends Pick<UploadControl, "inspectObject"> {
  /**
   * Exactly these bytes, at most `objectReadBytesMax`. Throws `missing` where there is no such object; `rejected` where it has another etag by now,
   * ends before the range does, or lies in an archive that has to be asked to bring it back first; `away` when the store is, or at once when `signal`
   * calls it off; `corrupt` when other bytes come than those asked for. Reads may run side by side.
   */
  readRange(range: ObjectRange & { readonly signal: AbortSignalLike }): Promise<Uint8Array>;
  close(): void;
}

/** A store takes no smaller part, except as the last one of an object. */
export const partBytesMin = 5_242_880;

/** A store copies no more into one part. */
export const copiedPartBytesMax = 5_368_709_120;

/** What a packer does in the store. */
export interface PartSender {
  /**
   * Stores one part and answers its etag. Parts may come in any order, and one may be sent again. `offsetBytes` is where the part
   * begins in the whole; `bytes` must not change until this has ended. Tries once: throws `away` when the store is, and waiting for
   * it is the caller's; `missing` when the upload was aborted or completed; and `away` at once when `signal` calls it off.
   */
  sendPart(part: {
    readonly objectKey: string;
    readonly uploadId: string;
    readonly number: number;
    readonly offsetBytes: number;
    readonly bytes: Uint8Array;
    readonly signal: AbortSignalLike;
  }): Promise<string>;
  /**
   * Stores one part like `sendPart`, its bytes copied inside the store from a range of a finished object, at most `copiedPartBytesMax`. Throws
   * `missing` also where that object is gone, and `rejected` where it has another etag by now, ends before the range does, lies in an archive
   * that has to be asked to bring it back first, or where this store copies no ranges: then the same bytes may be sent instead.
   */
  copyPart(part: {
    readonly objectKey: string;
    readonly uploadId: string;
    readonly number: number;
    readonly offsetBytes: number;
    readonly from: ObjectRange;
    readonly signal: AbortSignalLike;
  }): Promise<string>;
  close(): void;
}

// ---------------------------------------------------------------------------------------------------------------------
// Time: the platform's clock

/** Whatever waits or measures takes a clock, so that tests and simulations own the time. */
export type Clock = {
  /** Unix milliseconds, for what people read. Leases and due times go by the database's clock instead. */
  readonly nowMs: () => number;
  /** Milliseconds from any fixed point; never jumps, for measuring. */
  readonly elapsedMs: () => number;
  /** Resolves after so many milliseconds, or at once when the signal is aborted or becomes so; never rejects. */
  readonly sleep: (ms: number, signal?: AbortSignalLike) => Promise<void>;
};

/** The part of the platform's AbortSignal that ports need; core knows no platform. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}
