// What holds of sessions: a game is ended only when somebody asked for it, runs once and alone, and what was asked for comes to be.
import type { Session } from "@manman/core/session/session.ts";
import type { FoundGame } from "@manman/host-manager/games/game-runner.ts";
import type { BrokenPromises } from "./broken-promises.ts";
import type { SeenWorld } from "./seen-world.ts";

const ends = ["stopped", "crashed", "completed"];

/** What may follow what; a record may also be written again as it is. */
const lawful: Record<string, readonly string[]> = {
  pending: ["running", "stopping", ...ends],
  running: ["stopping", ...ends],
  stopping: ends,
  stopped: [],
  crashed: [],
  completed: [],
};

export class SessionPromises {
  readonly #world: SeenWorld;
  readonly #broken: BrokenPromises;
  readonly #seen = new Map<bigint, Session>();
  readonly #startsAcknowledged = new Set<bigint>();
  readonly #stopsAcknowledged = new Set<bigint>();
  readonly #endsAsked = new Set<bigint>();
  readonly #gamesForced = new Set<bigint>();
  /** `machine/session` of each game that has run. */
  readonly #started = new Set<string>();

  constructor(world: SeenWorld, broken: BrokenPromises) {
    this.#world = world;
    this.#broken = broken;
  }

  onCommit(): void {
    const { sessions } = this.#world.tables;
    for (const [sessionId, session] of sessions) {
      const before = this.#seen.get(sessionId);
      if (before === session) continue;
      this.#seen.set(sessionId, session);
      const [from, to] = [before?.status ?? "pending", session.status];
      if (from === to || (lawful[from] ?? []).includes(to)) continue;
      this.#broken.add("only lawful transitions", `session ${sessionId}: ${from} to ${to}`);
    }
  }

  /** Somebody asks for the end of a session, whether that arrives or not. */
  onStopAsked(sessionId: bigint): void {
    this.#endsAsked.add(sessionId);
  }

  /** Somebody asks for a new session in the place of whatever runs of the game. */
  onForceAsked(sgcId: bigint): void {
    this.#gamesForced.add(sgcId);
  }

  onStartAcknowledged(sessionId: bigint): void {
    this.#startsAcknowledged.add(sessionId);
  }

  onStopAcknowledged(sessionId: bigint): void {
    this.#stopsAcknowledged.add(sessionId);
  }

  /** `games` are those that the machine has. */
  onGameStarted(
    machine: string,
    sessionId: bigint,
    sgcId: bigint,
    games: ReadonlyMap<bigint, FoundGame>,
  ): void {
    const name = `${machine}/${sessionId}`;
    if (this.#started.has(name)) this.#broken.add("a session runs once", `session ${name}`);
    this.#started.add(name);
    const others = [...games.values()].filter((game) => game.sessionId !== sessionId);
    if (others.some((game) => game.sgcId === sgcId && game.state === "running")) {
      this.#broken.add("a game runs alone in its folder", `session ${name} of game ${sgcId}`);
    }
  }

  onEndOrdered(sessionId: bigint, sgcId: bigint): void {
    if (this.#endsAsked.has(sessionId) || this.#gamesForced.has(sgcId)) return;
    // What a late start has begun is ended where the session was given up meanwhile: it would be nobody's.
    if (this.#world.tables.sessions.get(sessionId)?.status === "crashed") return;
    this.#broken.add("a game is ended only when somebody asked for it", `session ${sessionId}`);
  }

  /** A session whose record does not say what its host has, or that somebody waits for; null where there is none. */
  unfinished(): string | null {
    for (const session of this.#world.tables.sessions.values()) {
      const why = this.#whyUnfinished(session);
      if (why !== null) return `session ${session.sessionId} ${why}`;
    }
    return null;
  }

  checkEnd(): void {
    const { sessions } = this.#world.tables;
    for (const sessionId of this.#startsAcknowledged) {
      if (sessions.has(sessionId)) continue;
      this.#broken.add("no acknowledged request is lost", `session ${sessionId}`);
    }
    for (const sessionId of this.#stopsAcknowledged) {
      const status = sessions.get(sessionId)?.status ?? "gone";
      if (ends.includes(status)) continue;
      this.#broken.add("an acknowledged stop is carried out", `session ${sessionId} is ${status}`);
    }
  }

  #whyUnfinished({ sessionId, serverId, status }: Session): string | null {
    const hasEnded = ends.includes(status);
    if (status !== "running" && !hasEnded) return `is ${status}`;
    const games = this.#world.gamesOf(serverId);
    if (games === null) return null;
    const onHost = games.get(sessionId)?.state ?? "nothing";
    const isAsRecorded = hasEnded ? onHost === "nothing" : onHost === "running";
    return isAsRecorded ? null : `is ${status}, and its host has ${onHost}`;
  }
}
