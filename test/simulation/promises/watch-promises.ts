// What holds of WatchBackup: whoever watches, and goes on after each cut where it was, is told every event once and in order.
import type { BackupEvent } from "@manman/contract/generated/manman/v1/backup_pb.ts";
import type { BrokenPromises } from "./broken-promises.ts";
import { endedStatuses, type SeenWorld } from "./seen-world.ts";

export class WatchPromises {
  readonly #world: SeenWorld;
  readonly #broken: BrokenPromises;

  constructor(world: SeenWorld, broken: BrokenPromises) {
    this.#world = world;
    this.#broken = broken;
  }

  /** A watcher that has seen the events up to `seen` is told another one. */
  onEvent(backupId: bigint, seen: number, told: BackupEvent): void {
    const name = `backup ${backupId} event ${told.sequence}`;
    if (told.sequence !== seen + 1) {
      this.#broken.add("a watcher is told every event once and in order", `${name} after ${seen}`);
      return;
    }
    const logged = this.#world.tables.events.find(
      ({ backup, sequence }) => backup.backupId === backupId && sequence === told.sequence,
    );
    const isSame =
      logged?.to === told.toStatus &&
      (logged.from?.status ?? "") === told.fromStatus &&
      logged.backup.attempt === told.attempt;
    if (!isSame) this.#broken.add("a watcher is told what happened", name);
  }

  /** The stream has ended by itself. */
  onEnd(backupId: bigint, seen: number): void {
    const last = this.#world.tables.events.find(
      ({ backup, sequence }) => backup.backupId === backupId && sequence === seen,
    );
    if (last !== undefined && endedStatuses.includes(last.to)) return;
    const about = `backup ${backupId} after event ${seen}, ${last?.to}`;
    this.#broken.add("a watch ends with the event that ends the backup", about);
  }

  onRefused(backupId: bigint, why: string): void {
    this.#broken.add("no acknowledged request is lost", `watch of backup ${backupId}: ${why}`);
  }
}
