// The simulated world: one database, broker and store, and around them the real code of control planes and host managers as processes
// that can be killed, stopped and cut off.
import { emptyTables, type MemoryTables } from "@manman/adapters/in-memory/memory-tables.ts";
import { Broker } from "./broker.ts";
import type { Chance } from "./chance.ts";
import { runControlPlane } from "./control-plane-process.ts";
import type { DatabaseSide } from "./database.ts";
import type { Defect } from "./defects.ts";
import { runHost } from "./host-process.ts";
import { Network } from "./network.ts";
import type { PackRun } from "./packer.ts";
import { newPlace, unfinishedJournal, type Place } from "./place.ts";
import { limits, type Plan } from "./plan.ts";
import { epochMs, SimProcess, type WallClock } from "./process.ts";
import { Promises } from "./promises/promises.ts";
import { controlPlaneCalls, type CallControlPlane, type Served } from "./rpc.ts";
import { ObjectStore, storePorts } from "./store.ts";
import { Trace } from "./trace.ts";
import { VirtualTime } from "./virtual-time.ts";

export class SimWorld {
  readonly time = new VirtualTime();
  readonly tables: MemoryTables = emptyTables();
  readonly databaseClock: WallClock = { offsetMs: 0 };
  readonly plan: Plan;
  readonly defect: Defect;
  readonly trace: Trace;
  readonly store: ObjectStore;
  readonly promises: Promises;
  readonly network: Network;
  readonly broker: Broker;
  readonly places: Place[] = [];
  /** Control planes that callers find. */
  readonly served: Served[] = [];
  readonly packers = new Set<PackRun>();
  readonly serverIds = new Map<bigint, Place>();
  /** When calls between parts last went other than they should, whoever's side it was on. */
  unruly = { sinceMs: -Infinity, now: 0 };
  readonly #chance: Chance;
  #starts = 0;
  #ids = 0;

  constructor(chance: Chance, plan: Plan, defect: Defect = { says: "none" }, keepTrace = false) {
    this.#chance = chance;
    this.plan = plan;
    this.defect = defect;
    this.trace = new Trace(this.time, keepTrace);
    this.store = new ObjectStore(() => epochMs + this.time.nowMs, {
      onObject: (key, object) => this.promises.store.onObject(key, object),
      onAbort: (upload) => this.promises.store.onAbort(upload),
    });
    this.promises = new Promises({
      tables: this.tables,
      store: this.store,
      nowMs: () => this.time.nowMs,
      leaseMs: limits.leaseMs,
      hostWasWellSince: (serverId, sinceMs) => this.#hostWasWellSince(serverId, sinceMs),
    });
    this.network = new Network(this.time, chance.stream("network"), this.trace);
    this.broker = new Broker(this.promises.hosts, this.trace);
    this.#placeForeign();
    for (let n = 1; n <= plan.controlPlanes; n += 1)
      this.places.push(newPlace("control plane", `cp${n}`, chance));
    for (let n = 1; n <= plan.hosts; n += 1) this.places.push(newPlace("host", `host${n}`, chance));
  }

  start(place: Place): void {
    if (place.process !== null && !place.process.isDead) return;
    this.#starts += 1;
    const chance = this.#chance.stream(`${place.name} ${this.#starts}`);
    const process = new SimProcess(place.name, this.time, chance, place.wall);
    place.process = process;
    this.trace.note("started", place.name);
    const run = place.kind === "host" ? runHost : runControlPlane;
    run(this, place, process).catch((error: unknown) => {
      if (process.isDead) return;
      this.promises.broken.bug(`${place.name} ended: ${String((error as Error).stack)}`);
    });
  }

  kill(place: Place): void {
    if (place.process === null || place.process.isDead) return;
    this.trace.note("killed", place.name);
    place.process.kill();
    place.bus = null;
    const at = this.served.findIndex(({ process }) => process === place.process);
    if (at >= 0) this.served.splice(at, 1);
  }

  caller(name: string): { readonly process: SimProcess; readonly call: CallControlPlane } {
    const process = new SimProcess(name, this.time, this.#chance.stream(name), { offsetMs: 0 });
    return { process, call: this.callsOf(process) };
  }

  /** What is still to be done; null where all is quiet. */
  unfinished(): string | null {
    const open = this.promises.unfinished() ?? this.broker.unfinished();
    if (open !== null) return open;
    for (const place of this.places) {
      const journal = unfinishedJournal(place);
      if (journal !== null) return journal;
    }
    return null;
  }

  databaseSide(): DatabaseSide {
    const nowMs = (): number => epochMs + Math.floor(this.time.nowMs) + this.databaseClock.offsetMs;
    const newId = (): string => this.newId();
    return {
      surroundings: { tables: this.tables, nowMs, newId },
      network: this.network,
      time: this.time,
      onCommit: () => this.promises.database.onCommit(),
    };
  }

  newId(): string {
    this.#ids += 1;
    return `00000000-0000-4000-8000-${String(this.#ids).padStart(12, "0")}`;
  }

  storeOf(process: SimProcess): ReturnType<typeof storePorts> {
    return storePorts(this.store, async (what, work) => {
      this.trace.note("store", `${process.name} ${what}`);
      return await this.network.call(process, "store", {
        what,
        waitMs: what.startsWith("complete") ? 30_000 : 10_000,
        ours: false,
        lateMs: what.startsWith("complete") ? 90_000 : 15_000,
        work: async () => work(),
      });
    });
  }

  callsOf(process: SimProcess): CallControlPlane {
    return controlPlaneCalls(process, this);
  }

  #placeForeign(): void {
    const bytes = new TextEncoder().encode("somebody else's");
    for (const key of ["backups/1/999999.tar.gz", "elsewhere/world.zip"]) {
      this.store.objects.set(key, { bytes, etag: '"foreign"', uploadId: "foreign" });
    }
    for (const key of ["backups/1/999998.tar.gz", "backups/5/6.tar.gz.old"]) this.store.open(key);
    this.promises.store.foreign();
  }

  #hostWasWellSince(serverId: bigint, sinceMs: number): boolean {
    const place = this.serverIds.get(serverId);
    if (place === undefined || place.troubles > 0 || this.unruly.now > 0) return false;
    if (place.process === null || place.process.isDead || place.process.isStopped) return false;
    return place.troubledAtMs < sinceMs && this.unruly.sinceMs < sinceMs;
  }
}
