// The games of one simulated machine, and one host manager's way to them. Games outlive their host manager: what was asked of them goes
// on without it, as it does with a supervisor.
import { Fault } from "@manman/core/fault.ts";
import type { FoundGame, GameEnd, GameRunner } from "@manman/host-manager/games/game-runner.ts";
import type { SimProcess } from "./process.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** What the reference model hears of. */
export type GamesWatch = {
  readonly onGameStarted: (sessionId: bigint, sgcId: bigint) => void;
  /** A live game was told to end. */
  readonly onEndOrdered: (sessionId: bigint, sgcId: bigint) => void;
};

/** The games of a machine, from their start until they are let go of. */
export class Games {
  readonly known = new Map<bigint, FoundGame>();
  readonly listeners = new Set<(game: FoundGame) => void>();

  set(game: FoundGame): void {
    this.known.set(game.sessionId, game);
    for (const listener of this.listeners) listener(game);
  }

  /** The machine is gone, and nobody sees how its games end. */
  lose(): void {
    this.known.clear();
    this.listeners.clear();
  }

  isRunning(sessionId: bigint): boolean {
    return this.known.get(sessionId)?.state === "running";
  }
}

export function simRunner(
  process: SimProcess,
  games: Games,
  { time, watch, livesMs }: { time: VirtualTime; watch: GamesWatch; livesMs: () => number },
): GameRunner {
  const { known } = games;
  /** Carried out by the machine, whatever becomes of the host manager; it hears of the end if it lives. */
  const onMachine = async <T>(ms: number, work: () => T): Promise<T> =>
    await new Promise<T>((resolve, reject) => {
      time.after(ms, () => {
        try {
          const done = work();
          process.enter(() => resolve(done));
        } catch (error) {
          process.enter(() => reject(error));
        }
      });
    });
  const end = (sessionId: bigint, how: Pick<GameEnd, "exitCode" | "signal">): void => {
    const game = known.get(sessionId);
    if (game?.state !== "running") return;
    const { sgcId } = game;
    const seen = { how: "exited", endedAtMs: time.nowMs, reason: undefined } as const;
    games.set({ sessionId, sgcId, state: "ended", ...seen, ...how });
  };
  const orderEnd = async (sessionId: bigint, graceMs: number): Promise<void> => {
    const game = known.get(sessionId);
    if (game?.state !== "running") return;
    watch.onEndOrdered(sessionId, game.sgcId);
    const obeys = process.chance.happens(0.7);
    const ms = obeys ? process.chance.between(0, graceMs) : graceMs;
    await onMachine(ms, () =>
      end(
        sessionId,
        obeys ? { exitCode: 0, signal: undefined } : { exitCode: 137, signal: "SIGKILL" },
      ),
    );
  };
  const run = (sessionId: bigint, sgcId: bigint): void => {
    // Another start of the same session was quicker.
    if (known.get(sessionId)?.state !== "starting") return;
    watch.onGameStarted(sessionId, sgcId);
    const startedAtMs = time.nowMs;
    games.set({ sessionId, sgcId, state: "running", pid: 1, startedAtMs, supervised: true });
    const exitCode = process.chance.pick([0, 1]);
    const lifeMs = livesMs();
    if (lifeMs < Infinity)
      time.after(lifeMs, () => end(sessionId, { exitCode, signal: undefined }));
  };
  const mine = new Set<(game: FoundGame) => void>();
  process.onDeath(() => {
    for (const listener of mine) games.listeners.delete(listener);
  });
  return {
    start: async ({ sessionId, sgcId }) => {
      const found = known.get(sessionId);
      if (found !== undefined && found.state !== "starting") return;
      games.set({ sessionId, sgcId, state: "starting" });
      await onMachine(process.chance.between(5, 300), () => {
        // A start that is cut short by its host manager's death is finished by the next one.
        if (!process.isDead || process.chance.happens(0.5)) run(sessionId, sgcId);
      });
    },
    stop: async (sessionId, { graceSeconds }) => await orderEnd(sessionId, graceSeconds * 1_000),
    kill: async (sessionId) => await orderEnd(sessionId, 50),
    sendInput: async () => {
      throw new Fault("missing", "no input is taken");
    },
    find: async () => await onMachine(process.chance.between(0.1, 4), () => [...known.values()]),
    onChange: (listener) => {
      const hear = (game: FoundGame): void => process.enter(() => listener(game));
      mine.add(hear);
      games.listeners.add(hear);
      for (const game of known.values()) hear(game);
      return () => {
        mine.delete(hear);
        games.listeners.delete(hear);
      };
    },
    forget: async (sessionId) => {
      const game = known.get(sessionId);
      if (game !== undefined && game.state !== "ended") {
        throw new Fault("rejected", `session ${sessionId} lives`);
      }
      known.delete(sessionId);
    },
    close: async () => undefined,
  };
}
