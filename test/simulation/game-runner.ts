// The games of one simulated host. They outlive their host manager, and nothing in these runs asks for the end of one.
import { Fault } from "@manman/core/fault.ts";
import type { FoundGame, GameRunner } from "@manman/host-manager/games/game-runner.ts";

export type Games = Map<bigint, FoundGame>;

export function simRunner(games: Games, onStopped: (sessionId: bigint) => void): GameRunner {
  const listeners = new Set<(game: FoundGame) => void>();
  const stopped = async (sessionId: bigint): Promise<void> => onStopped(sessionId);
  return {
    start: async ({ sessionId, sgcId }) => {
      if (games.has(sessionId)) return;
      const started = { state: "running", pid: 1, startedAtMs: 0, supervised: true } as const;
      const game = { sessionId, sgcId, ...started };
      games.set(sessionId, game);
      for (const listener of listeners) listener(game);
    },
    stop: stopped,
    kill: stopped,
    sendInput: async () => {
      throw new Fault("missing", "no input is taken");
    },
    find: async () => [...games.values()],
    onChange: (listener) => {
      listeners.add(listener);
      for (const game of games.values()) listener(game);
      return () => {
        listeners.delete(listener);
      };
    },
    forget: async (sessionId) => {
      throw new Fault("rejected", `session ${sessionId} lives`);
    },
    close: async () => listeners.clear(),
  };
}
