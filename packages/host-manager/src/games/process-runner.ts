// Runs games as processes of this machine, each under a supervisor of its own (supervisor-main.ts). All that must outlast the host
// manager is on disk; what is in memory here is who listens.
import { setTimeout as sleep } from "node:timers/promises";
import { Fault } from "@manman/core/fault.ts";
import { askSupervisor } from "./control-client.ts";
import { INPUT_BYTES_MAX } from "./control-protocol.ts";
import type { FoundGame, GameLaunch, GameRunner } from "./game-runner.ts";
import { stopGame } from "./game-stop.ts";
import { watchGame } from "./game-watch.ts";
import { checkLaunch } from "./launch-check.ts";
import { SessionDirectories } from "./session-directory.ts";
import { lookAtSession, type SeenSession } from "./session-look.ts";
import { bringUpSupervisor } from "./supervisor-start.ts";
import { inContext } from "./system-fault.ts";

export interface ProcessRunnerOptions {
  /** Absolute path of the directory for the state of all sessions: `{HOST_DATA_DIR}/.manman/sessions`. One runner at a time uses it. */
  readonly sessionsDirectory: string;
  /** The variables that every game gets, see game-environment.ts. */
  readonly environment: Readonly<Record<string, string>>;
  /**
   * How long a supervisor may take to come up; 60 unless said otherwise. Node takes a fraction of a second, and longer on a host that
   * starts all of its games at once.
   */
  readonly startSecondsMax?: number;
  readonly nowMs: () => number;
  /** Told what goes wrong while watching, where there is no caller to tell. Watching goes on. */
  readonly onFault: (fault: Fault) => void;
}

const START_SECONDS_MAX = 60;
/** How long watching rests after a fault, which is most often one of the disk. */
const FAULT_PAUSE_MS = 10_000;

export class ProcessRunner implements GameRunner {
  readonly #options: ProcessRunnerOptions;
  readonly #sessions: SessionDirectories;
  readonly #starts = new Map<bigint, Promise<void>>();
  readonly #watches = new Map<bigint, Watch>();
  readonly #listeners = new Set<(game: FoundGame) => void>();
  readonly #background = new Set<Promise<void>>();
  readonly #closed = new AbortController();

  constructor(options: ProcessRunnerOptions) {
    this.#options = options;
    this.#sessions = new SessionDirectories(options.sessionsDirectory);
  }

  async start(launch: GameLaunch): Promise<void> {
    checkLaunch(launch);
    const { sessionId } = launch;
    const start = this.#starts.get(sessionId) ?? this.#start(launch);
    this.#starts.set(sessionId, start);
    try {
      await start;
    } finally {
      this.#starts.delete(sessionId);
    }
  }

  async stop(
    sessionId: bigint,
    { graceSeconds }: { readonly graceSeconds: number },
  ): Promise<void> {
    await inContext(`stop session ${sessionId}`, async () => {
      await stopGame(this.#sessions.of(sessionId), graceSeconds, this.#options.nowMs);
    });
  }

  async kill(sessionId: bigint): Promise<void> {
    await inContext(`kill session ${sessionId}`, async () => {
      await stopGame(this.#sessions.of(sessionId), 0, this.#options.nowMs);
    });
  }

  async sendInput(sessionId: bigint, bytes: Uint8Array): Promise<void> {
    await inContext(`send input to session ${sessionId}`, async () => {
      if (bytes.length > INPUT_BYTES_MAX) {
        throw new Fault("rejected", `${bytes.length} bytes are more than ${INPUT_BYTES_MAX}`);
      }
      const directory = this.#sessions.of(sessionId);
      const verdict = (await lookAtSession(directory, this.#options.nowMs))?.verdict;
      if (verdict?.is !== "running") throw new Fault("missing", "no such game runs on this host");
      if (!verdict.supervised) {
        throw new Fault("rejected", "its supervisor was killed, and its input went with it");
      }
      const base64 = Buffer.from(bytes).toString("base64");
      await askSupervisor(directory, { op: "input", base64 });
    });
  }

  async find(): Promise<FoundGame[]> {
    const found: FoundGame[] = [];
    for (const sessionId of await this.#sessions.list()) {
      const seen = await lookAtSession(this.#sessions.of(sessionId), this.#options.nowMs);
      if (seen !== undefined) found.push(foundGame(seen));
    }
    return found;
  }

  onChange(listener: (game: FoundGame) => void): () => void {
    this.#listeners.add(listener);
    for (const { last } of this.#watches.values()) if (last !== undefined) listener(last);
    this.#inBackground("find the games of this host", async () => {
      for (const { sessionId } of await this.find()) this.#watch(sessionId);
    });
    return () => this.#listeners.delete(listener);
  }

  async forget(sessionId: bigint): Promise<void> {
    await inContext(`forget session ${sessionId}`, async () => {
      const seen = await lookAtSession(this.#sessions.of(sessionId), this.#options.nowMs);
      if (seen === undefined) return;
      if (seen.verdict.is !== "ended") throw new Fault("rejected", "it has not ended");
      await this.#sessions.retire(sessionId);
      this.#watches.delete(sessionId);
    });
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await Promise.all(this.#background);
  }

  async #start(launch: GameLaunch): Promise<void> {
    await inContext(`start session ${launch.sessionId}`, async () => {
      const directory = this.#sessions.of(launch.sessionId);
      await directory.recordSpec(launch);
      if (this.#listeners.size > 0) this.#watch(launch.sessionId);
      await bringUpSupervisor(directory, {
        environment: this.#options.environment,
        secondsMax: this.#options.startSecondsMax ?? START_SECONDS_MAX,
        nowMs: this.#options.nowMs,
      });
    });
  }

  /** Once for each session whose intent is recorded; its last state stays for listeners to come, until the session is forgotten. */
  #watch(sessionId: bigint): void {
    if (this.#watches.has(sessionId)) return;
    const watch: Watch = { last: undefined };
    this.#watches.set(sessionId, watch);
    this.#inBackground(`watch session ${sessionId}`, async () => {
      await watchGame(
        this.#sessions.of(sessionId),
        this.#options.nowMs,
        this.#closed.signal,
        (seen) => this.#tell(watch, foundGame(seen)),
      );
    });
  }

  #tell(watch: Watch, game: FoundGame): void {
    const { last } = watch;
    watch.last = game;
    const changed =
      last?.state !== game.state ||
      (last.state === "running" && game.state === "running" && last.supervised !== game.supervised);
    if (changed) for (const listener of this.#listeners) listener(game);
  }

  /** Does `work` again until it succeeds. A fault has nobody else to go to than `onFault`; a bug ends the process. */
  #inBackground(context: string, work: () => Promise<void>): void {
    const done = (async () => {
      while (!this.#closed.signal.aborted) {
        try {
          await inContext(context, work);
          return;
        } catch (error) {
          if (!(error instanceof Fault)) throw error;
          this.#options.onFault(error);
          await sleep(FAULT_PAUSE_MS, undefined, { signal: this.#closed.signal }).catch(
            () => undefined,
          );
        }
      }
    })();
    this.#background.add(done);
    void done.finally(() => this.#background.delete(done));
  }
}

/** What was last seen of a game. */
interface Watch {
  last: FoundGame | undefined;
}

function foundGame({ spec, verdict }: SeenSession): FoundGame {
  const { sessionId, sgcId } = spec;
  if (verdict.is === "ended") {
    const { how, exitCode, signal, endedAtMs, reason } = verdict.exit;
    return { sessionId, sgcId, state: "ended", how, exitCode, signal, endedAtMs, reason };
  }
  if (verdict.is === "running") {
    const { pid, startedAtMs } = verdict.game;
    const { supervised } = verdict;
    return { sessionId, sgcId, state: "running", pid, startedAtMs, supervised };
  }
  return { sessionId, sgcId, state: "starting" };
}
