// What the control plane knows of game hosts and of the games deployed on them.
import type { LaunchRecipe, PortBinding } from "./host-command.ts";

/** A game host. Times are unix milliseconds of the database's clock. */
export type Server = {
  readonly serverId: bigint;
  readonly name: string;
  /** Part of the data directory's name; empty until the host has registered. */
  readonly environment: string;
  readonly isDefault: boolean;
  /** Null until the host has been heard of. */
  readonly lastSeenAtMs: number | null;
  /** The host manager that it belongs to; null until one that names itself has registered, and after a takeover. */
  readonly instanceId: string | null;
  /** The host manager that it was last taken over from, which is not let back by itself; null where there is none. */
  readonly formerInstanceId: string | null;
  /** What keeps the host from taking new work on, in its own words; empty where nothing does. */
  readonly hostProblem: string;
};

/** A host's own words on what keeps it from taking new work on are no longer. */
export const hostProblemCharsMax = 500;

/** What there is to know of a host before a command is sent to it again. */
export type HostState = {
  readonly isOnline: boolean;
  /** See Server. */
  readonly problem: string;
};

/** A host is online while its last word is no older than this many of its heartbeats. */
export const heartbeatsMissedMax = 3;

export function isOnline(
  server: Pick<Server, "lastSeenAtMs">,
  nowMs: number,
  heartbeatMs: number,
): boolean {
  return (
    server.lastSeenAtMs !== null && nowMs - server.lastSeenAtMs <= heartbeatMs * heartbeatsMissedMax
  );
}

/** What a game is and how it is started. */
export type GameConfig = Omit<LaunchRecipe, "portBindings"> & {
  readonly configId: bigint;
  /** Kept as given. */
  readonly gameId: bigint;
  readonly name: string;
  /** Kept for container runners; the process runner does not use it. */
  readonly image: string;
};

/** One game deployed on one server. */
export type ServerGameConfig = {
  readonly sgcId: bigint;
  readonly serverId: bigint;
  readonly configId: bigint;
  readonly portBindings: readonly PortBinding[];
  readonly status: "active" | "inactive";
};

/** Whether the host says itself that it takes no new work on. Of one that is away its last word says nothing. */
export function isTroubled({ isOnline: online, problem }: HostState): boolean {
  return online && problem !== "";
}

/** The end of a sentence on what waited in vain for that host. */
export function becauseOf(host: HostState): string {
  return isTroubled(host) ? `; it takes no new work on: ${host.problem}` : "";
}
