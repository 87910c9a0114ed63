// What the reference model sees of the world, and what it has learnt of it so far.
import type { MemoryTables } from "@manman/adapters/in-memory/memory-tables.ts";
import type { StoredPart } from "@manman/core/backup/backup.ts";
import type { DeadLetter } from "@manman/core/dead-letter.ts";
import type { FoundGame } from "@manman/host-manager/games/game-runner.ts";
import type { ObjectStore } from "../store.ts";

export type SeenWorld = {
  readonly tables: MemoryTables;
  readonly store: ObjectStore;
  readonly nowMs: () => number;
  readonly leaseMs: number;
  /** Whether everything on the side of a server's host has been well since then, and the ways to it too. */
  readonly hostWasWellSince: (serverId: bigint, sinceMs: number) => boolean;
  readonly deadLetters: () => readonly Pick<DeadLetter, "messageId">[];
  /** The games on a server's machine; null where it was replaced by another one meanwhile, so that nobody can say. */
  readonly gamesOf: (serverId: bigint) => ReadonlyMap<bigint, FoundGame> | null;
};

/** What was seen of attempts; an upload's id stands for the attempt that it was given to. */
export class AttemptFacts {
  /** The backup of each key. */
  readonly backupOfKey = new Map<string, bigint>();
  /** `backup/attempt` of each upload that an attempt was given. */
  readonly attemptOfUpload = new Map<string, string>();
  /** The upload of each backup's last attempt. */
  readonly uploadOfBackup = new Map<bigint, string>();
  /** By upload, by digest: what packers have sent to their ends. */
  readonly packed = new Map<string, Map<string, readonly StoredPart[]>>();
  /** Uploads of which a packer has said that it failed. */
  readonly failedUploads = new Set<string>();
  /** Backups of which a broken disk has lost what their host knew: nobody renews their leases. */
  readonly forgottenBackups = new Set<bigint>();
}

export const busyStatuses = ["pending", "running", "verifying"];
export const endedStatuses = ["completed", "failed", "cancelled", "deleted"];
