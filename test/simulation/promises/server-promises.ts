// What holds of servers that two host managers want: one of them has it, it changes hands when an operator says so, and what ran under
// the one before is settled by that.
import type { Backup } from "@manman/core/backup/backup.ts";
import type { BrokenPromises } from "./broken-promises.ts";
import type { SeenWorld } from "./seen-world.ts";

type Holders = { present: string | null; readonly all: Set<string> };

export class ServerPromises {
  readonly #world: SeenWorld;
  readonly #broken: BrokenPromises;
  readonly #holders = new Map<bigint, Holders>();
  readonly #takeOversAsked = new Set<bigint>();
  /** What ran under the host manager that a server was taken from last. */
  readonly #cutOff = new Map<bigint, readonly Backup[]>();

  constructor(world: SeenWorld, broken: BrokenPromises) {
    this.#world = world;
    this.#broken = broken;
  }

  onCommit(): void {
    for (const { serverId, instanceId } of this.#world.tables.servers.values()) {
      const holders = this.#holders.get(serverId) ?? { present: null, all: new Set<string>() };
      this.#holders.set(serverId, holders);
      if (holders.present === instanceId) continue;
      if (holders.present !== null) this.#onLoss(serverId);
      holders.present = instanceId;
      if (instanceId !== null) holders.all.add(instanceId);
    }
  }

  /** An attempt has begun under a host manager. */
  onClaim({ serverId, backupId, upload }: Backup): void {
    if (upload !== null && this.#holders.get(serverId)?.all.has(upload.instanceId) === true) return;
    const about = `backup ${backupId} on server ${serverId}`;
    this.#broken.add("no host manager is heard that never had its server", about);
  }

  /** An operator asks, whether that arrives or not. */
  onTakeOverAsked(serverId: bigint): void {
    this.#takeOversAsked.add(serverId);
  }

  onTakeOverAcknowledged(serverId: bigint): void {
    for (const { backupId, attempt } of this.#cutOff.get(serverId) ?? []) {
      const now = this.#world.tables.backups.get(backupId)?.backup;
      if (now?.status !== "running" || now.attempt !== attempt) continue;
      const about = `backup ${backupId} attempt ${attempt}`;
      this.#broken.add("a takeover settles what ran under the host manager before", about);
    }
  }

  #onLoss(serverId: bigint): void {
    const running = [...this.#world.tables.backups.values()]
      .map(({ backup }) => backup)
      .filter((backup) => backup.serverId === serverId && backup.status === "running");
    this.#cutOff.set(serverId, running);
    if (this.#takeOversAsked.has(serverId)) return;
    this.#broken.add("a server changes hands only when somebody asked for it", `${serverId}`);
  }
}
