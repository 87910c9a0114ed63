// Calls over the network between processes and services. A call may be lost on its way, its answer may be lost after it was carried out,
// and it may be carried out long after its caller has stopped waiting.
import { Fault } from "@manman/core/fault.ts";
import type { SimProcess } from "./process.ts";
import type { Trace } from "./trace.ts";
import type { VirtualTime } from "./virtual-time.ts";
import type { Chance } from "./chance.ts";

export type ServiceName = "database" | "broker" | "store";

/** How the way to one service is at present. */
export type Weather = {
  isAway: boolean;
  /** How likely a single call is lost, loses its answer, or is late. */
  lossy: number;
  late: number;
};

/** When the last call of a connection arrives. */
export type ArrivalOrder = { lastAtMs: number };

export class Network {
  readonly weather: Record<ServiceName, Weather> = {
    database: { isAway: false, lossy: 0, late: 0 },
    broker: { isAway: false, lossy: 0, late: 0 },
    store: { isAway: false, lossy: 0, late: 0 },
  };
  /** Told when something that a process asked for has been carried out, and the process has not heard of it yet. */
  readonly onCarriedOut = new Set<(process: SimProcess) => void>();
  /** Cut-off pairs: `process>service` or `process>process`. */
  readonly #cuts = new Map<string, number>();
  readonly #time: VirtualTime;
  readonly #chance: Chance;
  readonly #trace: Trace;

  constructor(time: VirtualTime, chance: Chance, trace: Trace) {
    this.#time = time;
    this.#chance = chance;
    this.#trace = trace;
  }

  cut(from: string, to: string): void {
    const pair = `${from}>${to}`;
    this.#cuts.set(pair, (this.#cuts.get(pair) ?? 0) + 1);
  }

  mend(from: string, to: string): void {
    const pair = `${from}>${to}`;
    const left = (this.#cuts.get(pair) ?? 0) - 1;
    if (left > 0) this.#cuts.set(pair, left);
    else this.#cuts.delete(pair);
  }

  mendAll(): void {
    this.#cuts.clear();
    for (const weather of Object.values(this.weather)) {
      weather.isAway = false;
      weather.lossy = 0;
      weather.late = 0;
    }
  }

  isCut(from: string, to: string): boolean {
    return this.#cuts.size > 0 && this.#cuts.has(`${from}>${to}`);
  }

  carriedOut(process: SimProcess): void {
    for (const told of this.onCarriedOut) told(process);
  }

  /** Whether the process can speak to the service now. */
  reaches(process: SimProcess, service: ServiceName): boolean {
    return !this.weather[service].isAway && !this.isCut(hostOf(process.name), service);
  }

  /** Milliseconds on the way in one direction. */
  latencyMs(): number {
    return this.#chance.between(0.2, 3);
  }

  /**
   * Has the service carry `work` out, and answers what it answered or threw; `away` where there is no answer within `waitMs`. Work that
   * is `ours` runs in the calling process, as a rule inside of a transaction does, and not after its death.
   */
  async call<T>(
    process: SimProcess,
    service: ServiceName,
    call: {
      readonly what: string;
      readonly waitMs: number;
      readonly ours: boolean;
      readonly work: () => Promise<T>;
      /** How late a late call may come at most; default 1.5 times the wait. */
      readonly lateMs?: number;
      /** Calls with the same order arrive one after another, as over one connection. */
      readonly order?: ArrivalOrder;
    },
  ): Promise<T> {
    const { what, waitMs, ours, work, lateMs = waitMs * 1.5, order } = call;
    const weather = this.weather[service];
    const chance = this.#chance;
    return await new Promise<T>((resolve, reject) => {
      const away = (why: string): void =>
        process.enter(() => {
          endWait();
          reject(new Fault("away", `${what}: ${why}`));
        });
      const endWait = this.#time.after(waitMs, () => away("no answer in time"));
      if (!this.reaches(process, service)) {
        // Refused at once, or nothing is heard until the wait is over.
        if (chance.happens(0.5)) this.#time.after(this.latencyMs(), () => away("refused"));
        return;
      }
      const isLost = chance.happens(weather.lossy);
      const losesAnswer = chance.happens(weather.lossy);
      const isLate = chance.happens(weather.late);
      const travelMs = this.latencyMs() + (isLate ? chance.between(0, lateMs) : 0);
      const thereMs = Math.max(travelMs, (order?.lastAtMs ?? 0) - this.#time.nowMs);
      if (order !== undefined) order.lastAtMs = this.#time.nowMs + thereMs;
      const backMs =
        this.latencyMs() + (chance.happens(weather.late) ? chance.between(0, waitMs) : 0);
      if (isLost) {
        this.#trace.note("lost", `${process.name} ${what}`);
        if (chance.happens(0.5)) this.#time.after(thereMs, () => away("reset"));
        return;
      }
      const answer = (tell: () => void): void => {
        if (losesAnswer || !this.reaches(process, service)) {
          this.#trace.note("answer lost", `${process.name} ${what}`);
          if (chance.happens(0.5)) this.#time.after(backMs, () => away("reset"));
          return;
        }
        this.#time.after(backMs, () => {
          if (process.isDead) this.#trace.note("died before its answer", `${process.name} ${what}`);
          process.enter(() => {
            endWait();
            tell();
          });
        });
      };
      const arrive = (): void => {
        if (weather.isAway) return;
        work()
          .finally(() => this.carriedOut(process))
          .then(
            (value) => answer(() => resolve(value)),
            (error: unknown) => answer(() => reject(error)),
          );
      };
      this.#time.after(thereMs, () => {
        if (ours) process.enter(arrive);
        else arrive();
      });
    });
  }
}

/** A packer is on the machine of its host manager. */
export function hostOf(name: string): string {
  return name.split("/")[0] ?? name;
}
