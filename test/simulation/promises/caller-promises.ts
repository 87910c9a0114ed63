// What holds of answers: what was acknowledged to a caller is not lost, and a repeated request gets its first answer.
import type { BrokenPromises } from "./broken-promises.ts";
import type { SeenWorld } from "./seen-world.ts";

export class CallerPromises {
  readonly #world: SeenWorld;
  readonly #broken: BrokenPromises;
  readonly #acknowledged = new Map<string, bigint>();
  readonly #deletions = new Set<bigint>();

  constructor(world: SeenWorld, broken: BrokenPromises) {
    this.#world = world;
    this.#broken = broken;
  }

  onRequestAcknowledged(requestId: string, backupId: bigint): void {
    const before = this.#acknowledged.get(requestId);
    if (before !== undefined && before !== backupId) {
      this.#broken.add(
        "a repeated request gets its first answer",
        `${requestId}: ${before}, ${backupId}`,
      );
    }
    this.#acknowledged.set(requestId, backupId);
    if (!this.#world.tables.backups.has(backupId)) {
      this.#broken.add("no acknowledged request is lost", `${requestId}: backup ${backupId}`);
    }
  }

  onRepeatRefused(requestId: string): void {
    this.#broken.add("a repeated request gets its first answer", `${requestId} was refused`);
  }

  onDeletionAcknowledged(backupId: bigint): void {
    this.#deletions.add(backupId);
  }

  onCancellationAcknowledged(backupId: bigint): void {
    const status = this.#world.tables.backups.get(backupId)?.backup.status ?? "gone";
    if (["cancelled", "deleting", "deleted"].includes(status)) return;
    this.#broken.add("an acknowledged cancellation holds", `backup ${backupId} is ${status}`);
  }

  checkEnd(): void {
    const { backups } = this.#world.tables;
    for (const [requestId, backupId] of this.#acknowledged) {
      if (backups.has(backupId)) continue;
      this.#broken.add("no acknowledged request is lost", `${requestId}: backup ${backupId}`);
    }
    for (const backupId of this.#deletions) {
      const status = backups.get(backupId)?.backup.status ?? "gone";
      if (status === "deleted") continue;
      this.#broken.add(
        "an acknowledged deletion is carried out",
        `backup ${backupId} is ${status}`,
      );
    }
  }
}
