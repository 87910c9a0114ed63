// The simulated world: one database, broker and store, and around them the real code of control planes and host managers as processes
// that can be killed, stopped and cut off.
import { emptyTables, type MemoryTables } from "@manman/adapters/in-memory/memory-tables.ts";
import { hostQueue } from "@manman/contract/bus/topology.ts";
import { Broker } from "./broker.ts";
import type { Chance } from "./chance.ts";
import { runControlPlane } from "./control-plane-process.ts";
import type { DatabaseSide } from "./database.ts";
import type { Defect } from "./defects/defect.ts";
import { runHost } from "./host-process.ts";
import { Network } from "./network.ts";
import type { PackRun } from "./packer.ts";
import { newPlace, unfinishedJournal, type Place } from "./place.ts";
import { limits, type Plan } from "./plan.ts";
import { epochMs, SimProcess, type WallClock } from "./process.ts";
import { Promises } from "./promises/promises.ts";
import { Disowned } from "@manman/host-manager/control-plane-api.ts";
import { controlPlaneCalls, type CallControlPlane, type Served } from "./rpc.ts";
import { ObjectStore, storePorts } from "./store.ts";
import { surveyFindings } from "./survey-findings.ts";
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
  /** Names of servers that two host managers have wanted, with the place that is to have each. */
  readonly contested = new Map<string, Place>();
  /** When calls between parts last went other than they should, whoever's side it was on. */
  unruly = { sinceMs: -Infinity, now: 0 };
  readonly #chance: Chance;
  readonly #lookAtFindings: () => void;
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
      deadLetters: () => this.broker.deadLetters.list().letters,
      gamesOf: (serverId) => {
        const place = this.serverIds.get(serverId);
        return place === undefined || this.isContested(place) ? null : place.games.known;
      },
    });
    this.network = new Network(this.time, chance.stream("network"), this.trace);
    const { hosts, letters } = this.promises;
    this.broker = new Broker(
      {
        onAcknowledged: hosts.onAcknowledged.bind(hosts),
        onDeath: letters.onDeath.bind(letters),
      },
      this.trace,
      () => epochMs + this.time.nowMs,
    );
    this.#placeForeign();
    this.#lookAtFindings = surveyFindings(this.tables, this.store, (why) =>
      this.promises.broken.add("only what belongs to nobody is reported", why),
    );
    for (let n = 1; n <= plan.controlPlanes; n += 1)
      this.places.push(newPlace("control plane", `cp${n}`, chance));
    for (let n = 1; n <= plan.hosts; n += 1) this.places.push(newPlace("host", `host${n}`, chance));
  }

  start(place: Place): void {
    if (place.isRetired || (place.process !== null && !place.process.isDead)) return;
    this.#starts += 1;
    const chance = this.#chance.stream(`${place.name} ${this.#starts}`);
    const process = new SimProcess(place.name, this.time, chance, place.wall);
    place.process = process;
    this.trace.note("started", place.name);
    const run = place.kind === "host" ? runHost : runControlPlane;
    run(this, place, process).then(
      () => {
        if (place.process === process) this.kill(place);
      },
      (error: unknown) => {
        if (process.isDead) return;
        this.kill(place);
        if (isDisowned(error) && this.isContested(place)) this.#turnAway(place);
        else this.promises.broken.bug(`${place.name} ended: ${String((error as Error).stack)}`);
      },
    );
  }

  /** Ends a process in order, which must not take longer than it says. */
  async endInTime(process: SimProcess, msMax: number, end: () => Promise<void>): Promise<void> {
    const beganMs = this.time.nowMs;
    this.trace.note("asked to end", process.name);
    await end();
    const tookMs = this.time.nowMs - beganMs;
    this.trace.note("ended", `${process.name} in ${Math.round(tookMs)} ms`);
    if (tookMs <= msMax || process.wasStopped) return;
    const about = `${process.name} took ${Math.round(tookMs)} ms`;
    this.promises.broken.add("a process that is asked to end does so in time", about);
  }

  /** A second host manager that goes by the name of the first. */
  addRival(place: Place): Place {
    const name = `${place.serverName}-rival${this.places.length}`;
    const rival = newPlace("host", name, this.#chance.stream(name), place.serverName);
    this.places.push(rival);
    return rival;
  }

  /** The queue of the server that the place is; empty before it has one. */
  queueOf({ serverName }: Place): string {
    for (const [serverId, at] of this.serverIds) {
      if (at.serverName === serverName) return hostQueue(serverId).name;
    }
    return "";
  }

  isContested({ serverName }: Place): boolean {
    return this.contested.has(serverName);
  }

  retire(place: Place): void {
    this.kill(place);
    place.isRetired = true;
  }

  kill(place: Place): void {
    if (place.process === null || place.process.isDead) return;
    this.trace.note("killed", place.name);
    place.process.kill();
    place.bus = null;
    this.withdraw(place.process);
  }

  /** Callers do not find it any more. */
  withdraw(controlPlane: SimProcess): void {
    const at = this.served.findIndex(({ process }) => process === controlPlane);
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
    for (const [serverName, { name, disk }] of this.contested) {
      const server = [...this.tables.servers.values()].find((one) => one.name === serverName);
      if (server?.instanceId !== disk.instanceId) return `${name} has not got its server`;
    }
    for (const place of this.places) {
      const journal = place.isRetired ? null : unfinishedJournal(place);
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
      onCommit: () => {
        this.promises.onCommit();
        this.#lookAtFindings();
      },
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

  /** Whoever looks after the machine starts it again and again. */
  #turnAway(place: Place): void {
    this.trace.note("turned away", place.name);
    place.isTurnedAway = true;
    this.time.after(this.#chance.between(2_000, 30_000), () => this.start(place));
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
    if (place === undefined || this.isContested(place)) return false;
    if (place.troubles > 0 || this.unruly.now > 0) return false;
    if (place.process === null || place.process.isDead || place.process.isStopped) return false;
    return place.troubledAtMs < sinceMs && this.unruly.sinceMs < sinceMs;
  }
}

/** The host manager that ends with this was told that its server is another one's. */
function isDisowned(error: unknown): boolean {
  return error instanceof Disowned || (error instanceof Error && error.cause instanceof Disowned);
}
