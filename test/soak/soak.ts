// A soak: load and faults for a while, then everything is healed, and the ledger of requests is held against the ledger of outcomes.
import { setTimeout as sleep } from "node:timers/promises";
import { wordsOf } from "@manman/core/fault.ts";
import { chanceOf } from "../simulation/chance.ts";
import { AskedLedger } from "./asked-ledger.ts";
import { startChaos, type Chaos } from "./chaos.ts";
import { openDeployment, type Deployment } from "./deployment.ts";
import { drawnFault } from "./faults.ts";
import { deployedGames } from "./games.ts";
import { growthBetween, type ProcessSample } from "./growth.ts";
import { differencesOf, type Outcomes, type Recorded } from "./ledger.ts";
import { startLoad, type Load } from "./load.ts";
import { collectedOutcomes } from "./outcomes.ts";
import { sampleOf } from "./process-sample.ts";
import { openSoakDatabase, type SoakDatabase } from "./soak-database.ts";
import { figuresOf, slowestOf, type SoakReport } from "./soak-report.ts";

export type SoakOptions = {
  readonly seed: number;
  /** How long there are load and faults. */
  readonly minutes: number;
  readonly faults: "everything" | "cuts";
  readonly faultEverySeconds: number;
  readonly backupsPerSecond: number;
  readonly hostProcesses: number;
  readonly hostsPerProcess: number;
  /** Measures what processes hold, after `warmUpMinutes` and at the end; only where no fault ends one. */
  readonly isMeasured: boolean;
  readonly warmUpMinutes: number;
};

/** The bound within which everything is over once the parts are back. */
const settleSecondsMax = 300;
/** After so long without work, connections that are kept for the next call are closed again: the store keeps them for 65 s. */
const quietSeconds = 75;
const progressEveryMs = 30_000;

export class Soak {
  readonly deployment: Deployment;
  readonly ledger = new AskedLedger();
  readonly #options: SoakOptions;
  readonly #say: (line: string) => void;
  readonly #database: SoakDatabase;
  /** Each process that was measured after it had warmed up. */
  readonly #warm: ProcessSample[] = [];
  #chaos: Chaos | undefined;
  #load: Load | undefined;

  private constructor(options: SoakOptions, deployment: Deployment, say: (line: string) => void) {
    this.#options = options;
    this.deployment = deployment;
    this.#say = say;
    this.#database = openSoakDatabase(deployment.database.url);
  }

  /** Starts all parts. `say` is given a line now and then. */
  static async open(options: SoakOptions, say: (line: string) => void): Promise<Soak> {
    return new Soak(options, await openDeployment(options), say);
  }

  /** Load and faults until the time is over or the signal aborted; then all that `check` does. */
  async run(signal: AbortSignal): Promise<SoakReport> {
    const { seed, minutes, faults, faultEverySeconds, backupsPerSecond } = this.#options;
    const chance = chanceOf(seed, "soak");
    const games = await deployedGames(this.deployment, chance.stream("games"));
    this.#say(`${this.deployment.hosts.length} hosts with ${games.length} games are ready`);
    const drawing = chance.stream("faults");
    const chaos = startChaos({
      everySeconds: faultEverySeconds,
      draw: () => drawnFault(faults, this.deployment, drawing),
      say: this.#say,
    });
    this.#chaos = chaos;
    this.#load = startLoad({
      apis: this.deployment.callers,
      games,
      perSecond: backupsPerSecond,
      ledger: this.ledger,
      chance: chance.stream("load"),
    });
    const progress = setInterval(() => void this.#tellProgress(), progressEveryMs);
    try {
      await Promise.race([this.#forMinutes(minutes, signal), chaos.failed]);
      await chaos.pause();
      return await this.#finish(this.#load);
    } finally {
      clearInterval(progress);
    }
  }

  /** Collects all outcomes, and says where they differ from what was asked. */
  async check(): Promise<{ outcomes: Outcomes; differences: readonly string[] }> {
    const outcomes = await collectedOutcomes(this.deployment, this.#database);
    return { outcomes, differences: differencesOf(this.ledger.asked, outcomes) };
  }

  /** Ends and removes everything; the logs stay where `keepsLogs`. */
  async close(keepsLogs = false): Promise<void> {
    const ending = this.#chaos?.pause().catch(() => undefined);
    await Promise.all([ending, this.#load?.finish(0)]);
    await this.#database.close();
    await this.deployment.close(keepsLogs);
  }

  async #forMinutes(minutes: number, signal: AbortSignal): Promise<void> {
    const { isMeasured, warmUpMinutes } = this.#options;
    const sleepFor = async (ms: number): Promise<unknown> =>
      await sleep(ms, undefined, { signal }).catch(() => undefined);
    if (!isMeasured) {
      await sleepFor(minutes * 60_000);
      return;
    }
    await sleepFor(warmUpMinutes * 60_000);
    if (signal.aborted) return;
    await this.#chaos?.pause();
    await this.#load?.pause();
    this.#warm.push(...(await this.#samples()));
    this.#load?.resume();
    this.#chaos?.resume();
    await sleepFor((minutes - warmUpMinutes) * 60_000);
  }

  async #finish(load: Load): Promise<SoakReport> {
    this.#say("the load ends, and everything is healed");
    const beganMs = performance.now();
    const found: string[] = [];
    const unanswered = await load.finish();
    if (unanswered > 0) found.push(`${unanswered} callers have had no answer within three minutes`);
    await this.#database
      .untilSettled(settleSecondsMax)
      .catch((error: unknown) => found.push(wordsOf(error)));
    const settledAfterSeconds = (performance.now() - beganMs) / 1_000;
    const how = found.length === 0 ? "nothing is under way" : found.join("; ");
    this.#say(`${settledAfterSeconds.toFixed(1)} s later: ${how}`);
    const last = this.#warm.length === 0 ? [] : await this.#samples();
    await this.#database.letLateUploadsPass(settleSecondsMax);
    const { outcomes, differences } = await this.check();
    return {
      ...(await this.#figures(outcomes.records)),
      settledAfterSeconds,
      samples: this.#warm.flatMap((before) => {
        const after = last.find(({ name }) => name === before.name);
        return after === undefined ? [] : [{ before, after }];
      }),
      differences: [
        ...found,
        ...differences,
        ...this.#strangeness(),
        ...growthBetween(this.#warm, last),
      ],
    };
  }

  async #figures(
    records: readonly Recorded[],
  ): Promise<Omit<SoakReport, "settledAfterSeconds" | "samples" | "differences">> {
    const { seed, minutes, faults } = this.#options;
    const slowest = slowestOf(records);
    return {
      seed,
      faults,
      minutes,
      ...figuresOf(this.ledger.asked, records),
      slowestBackupEvents:
        slowest === undefined ? [] : await this.#database.eventsOf(slowest.backupId),
      lostAnswers: this.ledger.lostAnswers,
      faultCounts: Object.fromEntries(this.#chaos?.counts ?? []),
    };
  }

  /** Answers that no caller should get, and ends of processes that nobody brought about. */
  #strangeness(): readonly string[] {
    const answers = [...this.ledger.strangeAnswers].map(
      ([words, count]) => `${count} callers were answered: ${words}`,
    );
    const { controlPlanes, hostProcesses } = this.deployment;
    return [
      ...answers,
      ...[...controlPlanes, ...hostProcesses].flatMap(({ strangeEnds }) => strangeEnds),
    ];
  }

  /** What each measured process holds once nothing has been under way for a while. */
  async #samples(): Promise<readonly ProcessSample[]> {
    await this.#database.untilSettled(settleSecondsMax);
    await sleep(quietSeconds * 1_000);
    const { controlPlanes, hostProcesses } = this.deployment;
    const measured = [...controlPlanes, ...hostProcesses].filter(
      ({ inspectorUrl }) => inspectorUrl,
    );
    return await Promise.all(measured.map(sampleOf));
  }

  async #tellProgress(): Promise<void> {
    const { backups } = this.ledger.asked;
    const acknowledged = backups.filter(({ answeredIds }) => answeredIds.length > 0).length;
    const counts = await this.#database.statusCounts().catch(() => ({ "database away": 1 }));
    const words = Object.entries(counts).map(([status, count]) => `${status} ${count}`);
    this.#say(`asked ${backups.length}, acknowledged ${acknowledged}; ${words.join(", ")}`);
  }
}
