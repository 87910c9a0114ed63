// The simulated world: one database, broker and store, and around them the real code of control planes and host managers as processes
// that can be killed, stopped and cut off.
import type { DescMethodUnary } from "@bufbuild/protobuf";
import { startControlPlane } from "@manman/control-plane/control-plane.ts";
import type { Serving } from "@manman/control-plane/serve.ts";
import { emptyTables, type MemoryTables } from "@manman/adapters/in-memory/memory-tables.ts";
import { hostQueue } from "@manman/contract/bus/topology.ts";
import { HostManagerAPI } from "@manman/contract/generated/manman/v1/host_manager_api_pb.ts";
import { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import { controlPlaneApiOver } from "@manman/host-manager/control-plane-api.ts";
import { startHostManager } from "@manman/host-manager/host-manager.ts";
import type { BusMessage } from "@manman/core/ports.ts";
import { wordsOf } from "@manman/core/fault.ts";
import { Broker } from "./broker.ts";
import { simBus, type SimBus } from "./bus.ts";
import type { Chance } from "./chance.ts";
import { simRecords, type DatabaseSide } from "./database.ts";
import type { Defect } from "./defects.ts";
import { emptyDisk, simDisk, type DiskContent } from "./disk.ts";
import { simRunner, type Games } from "./game-runner.ts";
import { Network } from "./network.ts";
import { simPacker, type PackRun } from "./packer.ts";
import { heartbeatMs, limits, type Plan } from "./plan.ts";
import { epochMs, SimProcess, type WallClock } from "./process.ts";
import { Promises } from "./promises.ts";
import { simLog } from "./quiet-log.ts";
import { controlPlaneCalls, type CallControlPlane, type Served } from "./rpc.ts";
import { ObjectStore, storePorts } from "./store.ts";
import { surveyFindings, surveyLimits } from "./survey-findings.ts";
import { Trace } from "./trace.ts";
import { VirtualTime } from "./virtual-time.ts";

/** A place where one process after the other runs: a machine with its clock, and for hosts with its disk. */
export type Place = {
  readonly name: string;
  readonly kind: "control plane" | "host";
  readonly wall: WallClock;
  readonly disk: DiskContent;
  readonly games: Games;
  process: SimProcess | null;
  bus: SimBus | null;
  /** When something on this side was last not as it should be. */
  troubledAtMs: number;
  /** Faults that last. */
  troubles: number;
};

export class SimWorld {
  readonly time = new VirtualTime();
  readonly tables: MemoryTables = emptyTables();
  readonly databaseClock: WallClock = { offsetMs: 0 };
  readonly network: Network;
  readonly broker: Broker;
  readonly store: ObjectStore;
  readonly promises: Promises;
  readonly trace: Trace;
  readonly places: Place[] = [];
  readonly packers = new Set<PackRun>();
  readonly serverIds = new Map<bigint, Place>();
  /** When calls between parts last went other than they should, whoever's side it was on. */
  unruly = { sinceMs: -Infinity, now: 0 };
  readonly #served: Served[] = [];
  readonly #chance: Chance;
  readonly #plan: Plan;
  readonly #defect: Defect;
  readonly #lookAtFindings: () => void;
  #starts = 0;
  #ids = 0;

  constructor(chance: Chance, plan: Plan, defect: Defect = { says: "none" }, keepTrace = false) {
    this.#chance = chance;
    this.#plan = plan;
    this.#defect = defect;
    this.trace = new Trace(this.time, keepTrace);
    this.promises = new Promises({
      tables: this.tables,
      nowMs: () => this.time.nowMs,
      leaseMs: limits.leaseMs,
      hostWasWellSince: (serverId, sinceMs) => this.#hostWasWellSince(serverId, sinceMs),
    });
    this.network = new Network(this.time, chance.stream("network"), this.trace);
    this.broker = new Broker(this.promises, this.trace);
    this.store = new ObjectStore(() => epochMs + this.time.nowMs, {
      onObject: (key, object) => this.promises.onObject(key, object),
      onAbort: (upload) => this.promises.onAbort(upload),
    });
    this.#placeForeign();
    this.promises.store = this.store;
    this.#lookAtFindings = surveyFindings(this.tables, this.store, (why) =>
      this.promises.misreported(why),
    );
    for (let n = 1; n <= plan.controlPlanes; n += 1) this.#addPlace("control plane", `cp${n}`);
    for (let n = 1; n <= plan.hosts; n += 1) this.#addPlace("host", `host${n}`);
  }

  start(place: Place): void {
    if (place.process !== null && !place.process.isDead) return;
    this.#starts += 1;
    const chance = this.#chance.stream(`${place.name} ${this.#starts}`);
    const process = new SimProcess(place.name, this.time, chance, place.wall);
    place.process = process;
    this.trace.note("started", place.name);
    const running =
      place.kind === "host" ? this.#runHost(place, process) : this.#runControlPlane(place, process);
    running.catch((error: unknown) => {
      if (!process.isDead)
        this.promises.bug(`${place.name} ended: ${String((error as Error).stack)}`);
    });
  }

  kill(place: Place): void {
    if (place.process === null || place.process.isDead) return;
    this.trace.note("killed", place.name);
    place.process.kill();
    place.bus = null;
    const at = this.#served.findIndex(({ process }) => process === place.process);
    if (at >= 0) this.#served.splice(at, 1);
  }

  caller(name: string): { readonly process: SimProcess; readonly call: CallControlPlane } {
    const process = new SimProcess(name, this.time, this.#chance.stream(name), { offsetMs: 0 });
    return { process, call: this.#callsOf(process) };
  }

  /** Whether all that there is to do has been done. */
  unfinished(): string | null {
    const open = this.promises.unfinished();
    if (open !== null) return open;
    const messages = this.broker.unfinished();
    if (messages !== null) return messages;
    for (const { name, disk } of this.places) {
      for (const [path, files] of disk.folders) {
        if (!path.endsWith("/backups")) continue;
        const entry = [...files.values()].find((text) => !text.includes('"closed":'));
        if (entry !== undefined) return `the journal of ${name} holds ${entry}`;
      }
    }
    return null;
  }

  #placeForeign(): void {
    const bytes = new TextEncoder().encode("somebody else's");
    for (const key of ["backups/1/999999.tar.gz", "elsewhere/world.zip"]) {
      this.store.objects.set(key, { bytes, etag: '"foreign"', uploadId: "foreign" });
    }
    for (const key of ["backups/1/999998.tar.gz", "backups/5/6.tar.gz.old"]) this.store.open(key);
    this.promises.foreign(this.store);
  }

  #addPlace(kind: Place["kind"], name: string): void {
    this.places.push({
      name,
      kind,
      wall: { offsetMs: this.#chance.whole(-2_000, 2_000) },
      disk: emptyDisk(),
      games: new Map(),
      process: null,
      bus: null,
      troubledAtMs: -Infinity,
      troubles: 0,
    });
  }

  #databaseSide(): DatabaseSide {
    const nowMs = (): number => epochMs + Math.floor(this.time.nowMs) + this.databaseClock.offsetMs;
    const newId = (): string => this.#newId();
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

  #newId(): string {
    this.#ids += 1;
    return `00000000-0000-4000-8000-${String(this.#ids).padStart(12, "0")}`;
  }

  #storeOf(process: SimProcess): ReturnType<typeof storePorts> {
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

  #callsOf(process: SimProcess): CallControlPlane {
    const { network, time, trace } = this;
    return controlPlaneCalls(process, { network, time, trace, served: () => this.#served });
  }

  async #runControlPlane(place: Place, process: SimProcess): Promise<void> {
    const { time, network, broker } = this;
    const defect = this.#defect;
    const side = this.#databaseSide();
    const around = { process, side, world: this };
    const bus = simBus(process, { time, network, broker });
    place.bus = bus;
    const serve = async (served: {
      readonly manManApi: object;
      readonly hostManagerApi: object;
    }): Promise<Serving> => {
      this.#served.push({
        process,
        handlers: {
          ...named(ManManAPI, served.manManApi),
          ...named(HostManagerAPI, served.hostManagerApi),
        },
      });
      return { address: place.name, setServing: () => undefined, stop: async () => undefined };
    };
    await startControlPlane(
      {
        config: {
          listenHost: "sim",
          port: 0,
          token: null,
          heartbeatMs,
          limits,
          survey: surveyLimits,
          adoptBucket: null,
        },
        records: (defect.records ?? same)(simRecords(process, side), around),
        bus: (defect.controlPlaneBus ?? same)(bus, around),
        store: (defect.store ?? same)(this.#storeOf(process), around),
        listing: this.#storeOf(process),
        clock: process.clock,
        afterTurn: (start) => void time.after(0, () => process.enter(start)),
        random: process.chance.number,
        log: simLog(process, this.trace, (why) => this.promises.bug(why)),
      },
      serve,
    );
  }

  async #runHost(place: Place, process: SimProcess): Promise<void> {
    const { time, network, broker } = this;
    const bus = simBus(process, { time, network, broker });
    place.bus = bus;
    const call = this.#callsOf(process);
    const over = (methods: object): object =>
      Object.fromEntries([
        ["close", () => undefined],
        ...Object.values(methods).map((method: DescMethodUnary) => [
          method.localName,
          async (request: Record<string, unknown>) => await call(method, request),
        ]),
      ]);
    const api = controlPlaneApiOver(
      // The tables cover every method of the descriptors, which the type system cannot follow.
      over(ManManAPI.method) as Parameters<typeof controlPlaneApiOver>[0],
      over(HostManagerAPI.method) as Parameters<typeof controlPlaneApiOver>[1],
    );
    const registering: typeof api = {
      ...api,
      register: async (host) => {
        const serverId = await api.register(host);
        this.serverIds.set(serverId, place);
        return serverId;
      },
    };
    const queueName = (): string => {
      for (const [serverId, at] of this.serverIds)
        if (at === place) return hostQueue(serverId).name;
      return "";
    };
    const around = { process, side: this.#databaseSide(), world: this };
    const packer = simPacker(process, {
      time,
      senderFor: (packing) => this.#storeOf(packing),
      failing: this.#plan.packingFails,
      partMsMax: this.#plan.partMsMax,
      alive: this.packers,
      watch: {
        onBegin: (run) => {
          this.trace.note("packing", `${run.process.name} for ${run.order.uploadId}`);
          this.promises.onPackBegin(run, queueName());
        },
        onPacked: (run, sha256, parts) => this.promises.onPacked(run, sha256, parts),
        onFailed: (run) => this.promises.onPackFailed(run),
        onEnd: (run) => {
          this.trace.note("packed", run.process.name);
          this.promises.onPackEnd(run);
        },
      },
    });
    const hostManager = await startHostManager({
      config: {
        serverName: place.name,
        environment: "sim",
        hostDataDir: "/data",
        packersMax: 2,
        stopGraceSeconds: 10,
      },
      bus: (this.#defect.hostBus ?? same)(
        {
          ...bus,
          publish: async (message) => await this.#publishReport(bus, message, queueName()),
        },
        around,
      ),
      api: registering,
      runner: simRunner(place.games, (sessionId) => this.promises.onGameStopped(sessionId)),
      packer,
      disk: (this.#defect.disk ?? same)(
        simDisk(process, place.disk, time, {
          onWritten: (text) => this.promises.onJournal(queueName(), text),
          onCarriedOut: () => network.carriedOut(process),
          onNoRoom: () => this.promises.onNoRoom(queueName()),
        }),
        around,
      ),
      clock: process.clock,
      random: process.chance.number,
      newId: () => this.#newId(),
      log: simLog(process, this.trace, (why) => this.promises.bug(why)),
    });
    hostManager.ended.catch((error: unknown) => {
      if (!process.isDead) this.promises.bug(`${place.name} cannot go on: ${wordsOf(error)}`);
    });
  }

  async #publishReport(
    bus: SimBus,
    message: BusMessage,
    queueName: string,
  ): Promise<"routed" | "unroutable"> {
    this.promises.onReport(message, queueName);
    return await bus.publish(message);
  }

  #hostWasWellSince(serverId: bigint, sinceMs: number): boolean {
    const place = this.serverIds.get(serverId);
    if (place === undefined || place.troubles > 0 || this.unruly.now > 0) return false;
    if (place.process === null || place.process.isDead || place.process.isStopped) return false;
    return place.troubledAtMs < sinceMs && this.unruly.sinceMs < sinceMs;
  }
}

function same<T>(port: T): T {
  return port;
}

/** Methods of the two services that have one name are told apart by the service. */
function named({ typeName }: { readonly typeName: string }, handlers: object): Served["handlers"] {
  return Object.fromEntries(
    Object.entries(handlers).map(([name, handler]) => [`${typeName}/${name}`, handler]),
  );
}
