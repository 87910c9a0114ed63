// Carries out session commands: those of one game one after another in their order, those of different games side by side; and tells
// what becomes of the games. A game is never touched for any other reason than a command.
import type { SendInputCommand, StartSessionCommand } from "@manman/contract/bus/commands.ts";
import { backoffMs } from "@manman/core/backoff.ts";
import { Fault, isAway, wordsOf } from "@manman/core/fault.ts";
import type { Logger } from "pino";
import type { FoundGame, GameRunner } from "./games/game-runner.ts";
import type { HostDisk } from "./host-disk.ts";
import type { PendingCommand, SessionJournal } from "./journal/session-journal.ts";
import { asksForEnd, type SessionCommand } from "./journal/session-order.ts";
import { Lines } from "./lines.ts";
import type { OutgoingReports } from "./reports.ts";
import { unlessAborted, untilNotAway, type Patience } from "./retry.ts";
import { boundedMessage, reportOf, type Ending } from "./session-report.ts";
import { startGame } from "./start-game.ts";

export type SessionsParts = {
  readonly runner: GameRunner;
  readonly journal: SessionJournal;
  readonly reports: OutgoingReports;
  readonly serverId: bigint;
  readonly environment: string;
  readonly hostDataDir: string;
  readonly makeDirectory: HostDisk["makeDirectory"];
  readonly stopGraceSeconds: number;
  /** A sentence with the figures while the disk is full; empty otherwise. */
  readonly shortage: () => Promise<string>;
  readonly patience: Omit<Patience, "signal">;
  readonly log: Logger;
};

/** One thing to be done for a game: a command, or letting go of a session whose end is reported. */
type Step = PendingCommand | { readonly reported: bigint };

const startBackoff = { firstMs: 200, mostMs: 2_000 };

export class Sessions {
  readonly #parts: SessionsParts;
  readonly #stop = new AbortController();
  readonly #patience: Patience;
  readonly #lines: Lines<bigint, Step>;
  /** Sessions that somebody asked to end. */
  readonly #endAsked = new Set<bigint>();
  #unlisten: () => void = () => undefined;

  constructor(parts: SessionsParts) {
    this.#parts = parts;
    this.#patience = { ...parts.patience, signal: this.#stop.signal };
    this.#lines = new Lines(
      this.#stop.signal,
      async (step, line) => await this.#perform(step, line),
    );
  }

  /** Goes on with what the journal holds, and reports every game as it stands. */
  start(): void {
    for (const pending of this.#parts.journal.pending()) this.#take(pending);
    this.#unlisten = this.#parts.runner.onChange((game) => this.#tell(game));
  }

  /** Takes a command on; resolves once it is on disk, or was dropped as one from the past. */
  async accept(command: SessionCommand): Promise<void> {
    const { sessionId, kind } = command;
    const sgcId = command.sgcId === 0n ? await this.#gameOf(sessionId) : command.sgcId;
    const log = this.#parts.log.child({ session_id: sessionId, sgc_id: sgcId, kind });
    if (sgcId === undefined) return log.warn("session command dropped: no such session is here");
    const taken = await this.#parts.journal.accept({ ...command, sgcId });
    if ("dropped" in taken) {
      log.info({ reason: taken.dropped }, "session command dropped");
      if (kind === "session.start") await this.#tellAgain(sgcId, sessionId);
      return;
    }
    log.info("session command taken in");
    if (kind === "session.kill") this.#cutStopShort(sgcId, sessionId);
    this.#take(taken.pending);
  }

  /** Leaves what is not begun for the next start, and waits for what is under way. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error("the host manager stops"));
    this.#unlisten();
    await this.#lines.idle();
  }

  #take(pending: PendingCommand): void {
    if (asksForEnd(pending.command)) this.#endAsked.add(pending.command.sessionId);
    this.#lines.add(pending.command.sgcId, pending);
  }

  async #perform(step: Step, line: readonly Step[]): Promise<void> {
    if ("reported" in step) return await this.#forget(step.reported);
    const { command } = step;
    switch (command.kind) {
      case "session.start":
        return await this.#start(step, command, line);
      case "session.stop":
        return await this.#end(step, command.graceSeconds ?? this.#parts.stopGraceSeconds);
      case "session.kill":
        return await this.#end(step, 0);
      case "session.send_input":
        return await this.#input(step, command);
    }
  }

  async #start(
    pending: PendingCommand,
    command: StartSessionCommand,
    line: readonly Step[],
  ): Promise<void> {
    const { clock, random, signal } = this.#patience;
    const { sessionId, sgcId } = command;
    for (let tries = 1; ; tries += 1) {
      signal.throwIfAborted();
      try {
        await startGame(this.#parts, command);
        return await this.#settle(pending);
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        const log = this.#parts.log.child({
          session_id: sessionId,
          sgc_id: sgcId,
          tries,
          why: error.message,
        });
        if (!isAway(error) || line.some((step) => isEndOf(step, sessionId))) {
          log.error("session could not be started");
          const shortage = await this.#parts.shortage().catch(() => "");
          const words = shortage === "" ? error.message : `${error.message} (${shortage})`;
          const errorMessage = boundedMessage(words);
          return this.#reportEnd(pending, { status: "crashed", exitCode: -1, errorMessage });
        }
        log.warn("start put off");
        await clock.sleep(backoffMs(tries, startBackoff, random()), signal);
      }
    }
  }

  async #end(pending: PendingCommand, graceSeconds: number): Promise<void> {
    const { runner, log } = this.#parts;
    const { sessionId, sgcId } = pending.command;
    const known = await this.#untilDone("end the session", async () => {
      const games = await runner.find();
      const ending =
        graceSeconds === 0 ? runner.kill(sessionId) : runner.stop(sessionId, { graceSeconds });
      // Ending a game may take its whole grace, and is the supervisor's part: the host manager can go meanwhile.
      await unlessAborted(ending, this.#stop.signal);
      return games.some((game) => game.sessionId === sessionId);
    });
    log.info({ session_id: sessionId, sgc_id: sgcId, known }, "session ended as asked");
    // The end of a game that the runner knows is told by the runner, and stays on disk with it.
    if (known) return await this.#settle(pending);
    this.#reportEnd(pending, { status: "stopped", exitCode: -1 });
  }

  /**
   * Input is off the journal before the game gets it: a death in between loses it, where the other order could give it to the game
   * twice. A console command that was typed twice does more harm than one that has to be typed again.
   */
  async #input(pending: PendingCommand, command: SendInputCommand): Promise<void> {
    const { runner, log } = this.#parts;
    const { sessionId, sgcId } = command;
    await this.#settle(pending);
    try {
      await runner.sendInput(sessionId, command.input);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      log.warn({ session_id: sessionId, sgc_id: sgcId, why: error.message }, "input was not taken");
    }
  }

  /**
   * In line with the commands, so that no start of the session is still to be carried out. A record that cannot be let go is told
   * again, and let go, after the next start of the host manager; it must not hold up the line.
   */
  async #forget(sessionId: bigint): Promise<void> {
    try {
      await this.#parts.runner.forget(sessionId);
      this.#endAsked.delete(sessionId);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.#parts.log.warn({ session_id: sessionId, why: error.message }, "record not let go");
    }
  }

  async #settle(pending: PendingCommand): Promise<void> {
    await this.#untilDone("write the journal", async () => {
      await this.#parts.journal.settle(pending);
    });
  }

  /** Whatever fails outside is tried again: giving up would leave a game that nobody ends, or a record that says otherwise. */
  async #untilDone<T>(what: string, work: () => Promise<T>): Promise<T> {
    return await untilNotAway(
      async () => {
        try {
          return await work();
        } catch (error) {
          throw error instanceof Fault ? new Fault("away", what, error) : error;
        }
      },
      this.#patience,
      this.#parts.log,
      "put off",
    );
  }

  #tell(game: FoundGame): void {
    const { sessionId, sgcId } = game;
    const { reports, serverId, log } = this.#parts;
    const report = reportOf(game, serverId, this.#endAsked.has(sessionId));
    if (report === undefined) return;
    const { status, exitCode } = report;
    log.info({ session_id: sessionId, sgc_id: sgcId, status, exit_code: exitCode }, "game");
    if (game.state !== "ended") return reports.send(report);
    reports.send(report, async () => this.#lines.add(sgcId, { reported: sessionId }));
  }

  /** A start that comes again is a question: the control plane has not heard what became of the first one. */
  async #tellAgain(sgcId: bigint, sessionId: bigint): Promise<void> {
    const { runner, journal, reports, serverId, log } = this.#parts;
    if (journal.pending().some(({ command }) => command.sessionId === sessionId)) return;
    try {
      const game = (await runner.find()).find((found) => found.sessionId === sessionId);
      if (game !== undefined) return this.#tell(game);
      const errorMessage = "it was started before, and nothing is known of its end";
      const ending = { status: "crashed", exitCode: -1, errorMessage } as const;
      reports.send({ kind: "status.session", sessionId, sgcId, serverId, ...ending });
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      log.warn({ session_id: sessionId, sgc_id: sgcId, why: error.message }, "not told again");
    }
  }

  /** Tells of an end that the runner knows nothing of; its command stays in the journal until the broker has the report. */
  #reportEnd(pending: PendingCommand, ending: Ending): void {
    const { reports, serverId } = this.#parts;
    const { sessionId, sgcId } = pending.command;
    const report = { kind: "status.session", sessionId, sgcId, serverId, ...ending } as const;
    reports.send(report, async () => await this.#parts.journal.settle(pending));
  }

  /** A kill must not wait for the grace of the stop before it. */
  #cutStopShort(sgcId: bigint, sessionId: bigint): void {
    const step = this.#lines.underWay(sgcId);
    if (step === undefined || !isEndOf(step, sessionId)) return;
    const { runner, log } = this.#parts;
    // The kill itself stands in line too, and is repeated until it is done.
    runner.kill(sessionId).catch((error: unknown) => {
      log.warn({ session_id: sessionId, sgc_id: sgcId, why: wordsOf(error) }, "kill put off");
    });
  }

  /** The game of a session that a command names without it. */
  async #gameOf(sessionId: bigint): Promise<bigint | undefined> {
    const pending = this.#parts.journal
      .pending()
      .find(({ command }) => command.sessionId === sessionId);
    if (pending !== undefined) return pending.command.sgcId;
    const games = await this.#parts.runner.find();
    return games.find((game) => game.sessionId === sessionId)?.sgcId;
  }
}

function isEndOf(step: Step, sessionId: bigint): boolean {
  return "command" in step && asksForEnd(step.command) && step.command.sessionId === sessionId;
}
