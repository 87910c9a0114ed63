// Sends reports until the broker has each of them safe in a queue. Nothing is kept on disk here: whatever a report tells stays where it
// comes from (a journal entry, the runner's record of a game) until `routed` is called, and is sent again after a restart.
import { backoffMs } from "@manman/core/backoff.ts";
import { encodeReport, reportRoutingKey, type Report } from "@manman/contract/bus/reports.ts";
import { wordsOf } from "@manman/core/fault.ts";
import type { Bus, BusMessage, Clock } from "@manman/core/ports.ts";
import type { Logger } from "pino";
import { awayBackoff } from "./retry.ts";

/** Called once a report is safe. When it throws, the report is sent again: twice the same one does no harm. */
type Routed = () => Promise<void>;

type Outgoing = {
  readonly message: BusMessage;
  /** Of this report, and of those that it took the place of. */
  readonly routed: readonly Routed[];
  readonly tries: number;
  /** By the clock that never jumps: set back, the other one would hold a report for as long. */
  readonly dueAtMs: number;
};

export type ReportsParts = {
  readonly bus: Pick<Bus, "publish" | "onConnectionChange">;
  readonly clock: Clock;
  /** Numbers in [0, 1), for the spread of waits. */
  readonly random: () => number;
  readonly log: Logger;
};

const publishesAtOnce = 16;

/**
 * One report waits for each subject (backup, session, host): a newer one takes its place, because every report tells the whole state.
 * That bounds what waits by what there is to report on.
 */
export class OutgoingReports {
  readonly #parts: ReportsParts;
  readonly #waiting = new Map<string, Outgoing>();
  readonly #stop = new AbortController();
  #wake = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(parts: ReportsParts) {
    this.#parts = parts;
    parts.bus.onConnectionChange((connected) => {
      if (connected) this.#makeAllDue();
    });
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Publishes what is due once more, and ends; whoever needs the rest sends it again after the next start. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#wake.abort();
    await this.#running;
  }

  /** Sends a report until it is routed. Bounded texts are the caller's duty. */
  send(report: Report, routed: Routed = async () => undefined): void {
    const routingKey = reportRoutingKey(report);
    const message = { routingKey, messageId: messageIdOf(report), body: encodeReport(report) };
    const replaced = this.#waiting.get(routingKey)?.routed ?? [];
    this.#waiting.set(routingKey, {
      message,
      routed: [...replaced, routed],
      tries: 0,
      dueAtMs: -Infinity,
    });
    this.#wake.abort();
  }

  async #run(): Promise<void> {
    const { clock } = this.#parts;
    for (;;) {
      this.#wake = new AbortController();
      const nowMs = clock.elapsedMs();
      const due = [...this.#waiting].filter(([, { dueAtMs }]) => dueAtMs <= nowMs);
      if (due.length > 0) {
        const round = due.slice(0, publishesAtOnce);
        await Promise.all(round.map(async ([key, outgoing]) => await this.#publish(key, outgoing)));
      } else if (this.#stop.signal.aborted) {
        return;
      } else {
        const next = Math.min(...[...this.#waiting.values()].map(({ dueAtMs }) => dueAtMs));
        await clock.sleep(Math.min(next - nowMs, awayBackoff.mostMs), this.#wake.signal);
      }
    }
  }

  async #publish(key: string, outgoing: Outgoing): Promise<void> {
    this.#waiting.delete(key);
    try {
      const answer = await this.#parts.bus.publish(outgoing.message);
      if (answer === "unroutable") return this.#putOff(key, outgoing, "no queue takes reports");
      for (const routed of outgoing.routed) await routed();
    } catch (error) {
      this.#putOff(key, outgoing, wordsOf(error));
    }
  }

  #putOff(key: string, outgoing: Outgoing, why: string): void {
    const { clock, random, log } = this.#parts;
    const tries = outgoing.tries + 1;
    const waitMs = backoffMs(tries, awayBackoff, random());
    log[tries === 1 ? "warn" : "debug"](
      { report: outgoing.message.messageId, why, wait_ms: waitMs },
      "report put off",
    );
    const newer = this.#waiting.get(key);
    if (newer === undefined) {
      this.#waiting.set(key, { ...outgoing, tries, dueAtMs: clock.elapsedMs() + waitMs });
    } else {
      this.#waiting.set(key, { ...newer, routed: [...outgoing.routed, ...newer.routed] });
    }
  }

  #makeAllDue(): void {
    for (const [key, outgoing] of this.#waiting)
      this.#waiting.set(key, { ...outgoing, dueAtMs: -Infinity });
    this.#wake.abort();
  }
}

/** The same each time a report is sent, and another for each other state of its subject. */
function messageIdOf(report: Report): string {
  switch (report.kind) {
    case "status.backup":
      return `backup-${report.backupId}-${report.attempt}-${report.status}`;
    case "status.session":
      return `session-${report.sessionId}-${report.status}`;
    case "status.host":
    case "health.host":
      return `host-${report.serverId}-${report.status}`;
  }
}
