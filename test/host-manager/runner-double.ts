// A runner whose games live in memory and end when the test says so.
import type {
  FoundGame,
  GameEnd,
  GameLaunch,
  GameRunner,
} from "@manman/host-manager/games/game-runner.ts";

type Call = { readonly name: string; readonly sessionId: bigint };

export class RunnerDouble implements GameRunner {
  readonly games = new Map<bigint, FoundGame>();
  readonly launches: GameLaunch[] = [];
  /** start, stop, kill, input and forget in the order in which they were called. */
  readonly calls: Call[] = [];
  readonly inputs: string[] = [];
  /** Thrown by the next starts, one each. */
  readonly startFaults: Error[] = [];
  /** While true, a stop waits for `end` or `kill`. */
  ignoresStop = false;
  readonly #listeners = new Set<(game: FoundGame) => void>();

  /** The calls as text: `start 456`. */
  get told(): string[] {
    return this.calls.map(({ name, sessionId }) => `${name} ${sessionId}`);
  }

  async start(launch: GameLaunch): Promise<void> {
    const { sessionId, sgcId } = launch;
    this.calls.push({ name: "start", sessionId });
    const fault = this.startFaults.shift();
    if (fault !== undefined) throw fault;
    if (this.games.has(sessionId)) return;
    this.launches.push(launch);
    this.#change({ sessionId, sgcId, state: "running", pid: 1, startedAtMs: 0, supervised: true });
  }

  async stop(sessionId: bigint): Promise<void> {
    this.calls.push({ name: "stop", sessionId });
    if (!this.ignoresStop) this.end(sessionId, { exitCode: 143, signal: "SIGTERM" });
    await new Promise<void>((resolve) => {
      const look = setInterval(() => {
        if (this.games.get(sessionId)?.state === "running") return;
        clearInterval(look);
        resolve();
      }, 5);
    });
  }

  async kill(sessionId: bigint): Promise<void> {
    this.calls.push({ name: "kill", sessionId });
    this.end(sessionId, { exitCode: 137, signal: "SIGKILL" });
  }

  async sendInput(sessionId: bigint, bytes: Uint8Array): Promise<void> {
    this.calls.push({ name: "input", sessionId });
    this.inputs.push(Buffer.from(bytes).toString());
  }

  async find(): Promise<FoundGame[]> {
    return [...this.games.values()];
  }

  onChange(listener: (game: FoundGame) => void): () => void {
    this.#listeners.add(listener);
    for (const game of this.games.values()) listener(game);
    return () => this.#listeners.delete(listener);
  }

  async forget(sessionId: bigint): Promise<void> {
    this.calls.push({ name: "forget", sessionId });
    this.games.delete(sessionId);
  }

  async close(): Promise<void> {
    this.#listeners.clear();
  }

  /** The game of a session ends; one that does not run stays as it is. */
  end(sessionId: bigint, how: Partial<GameEnd>): void {
    const game = this.games.get(sessionId);
    if (game?.state !== "running") return;
    const { sgcId } = game;
    const end = { how: "exited", exitCode: 0, signal: undefined, reason: undefined } as const;
    this.#change({ sessionId, sgcId, state: "ended", ...end, endedAtMs: 1, ...how });
  }

  #change(game: FoundGame): void {
    this.games.set(game.sessionId, game);
    for (const listener of this.#listeners) listener(game);
  }
}
