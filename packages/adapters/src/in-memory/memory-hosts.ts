// Game hosts and games among records in memory.
import type { GameRecords, ServerRecords } from "@manman/core/ports.ts";
import { alreadyExists, failedPrecondition, notFound } from "@manman/core/refusal.ts";
import { refuseInstance } from "@manman/core/server-instance.ts";
import type { HostState, Server } from "@manman/core/server.ts";
import { storableText } from "../postgres/storable-text.ts";
import type { Surroundings } from "./memory-outbox.ts";
import { nextId, pageOf } from "./memory-tables.ts";

export function memoryServers({ tables, nowMs }: Surroundings): ServerRecords {
  const { servers } = tables;
  const byName = (name: string): Server | undefined =>
    [...servers.values()].find((server) => server.name === name);
  const write = (server: Server): Server => {
    servers.set(server.serverId, server);
    return server;
  };
  const made = (name: string): Server => ({
    serverId: nextId(tables),
    name,
    environment: "",
    isDefault: false,
    lastSeenAtMs: null,
    instanceId: null,
    formerInstanceId: null,
    hostProblem: "",
  });
  return {
    register: async ({ name, environment, instanceId }, hostOnlineMs) => {
      const known = byName(name) ?? made(name);
      if (known.environment !== "" && known.environment !== environment) {
        return failedPrecondition(
          `server ${name} is registered with environment ${known.environment}`,
        );
      }
      const circumstances = { nowMs: nowMs(), hostOnlineMs };
      const refusal = instanceId === null ? null : refuseInstance(known, instanceId, circumstances);
      if (refusal !== null) return refusal;
      const recorded = instanceId ?? known.instanceId;
      return write({ ...known, environment, instanceId: recorded, lastSeenAtMs: nowMs() });
    },
    create: async (name) =>
      byName(name) === undefined
        ? write(made(name))
        : alreadyExists(`there is a server ${name} already`),
    seen: async (serverId) => {
      const server = servers.get(serverId);
      return server === undefined ? null : write({ ...server, lastSeenAtMs: nowMs() });
    },
    seenBy: async (serverId, instanceId, hostOnlineMs, hostProblem) => {
      const server = servers.get(serverId);
      if (server === undefined) return null;
      const refusal = refuseInstance(server, instanceId, { nowMs: nowMs(), hostOnlineMs });
      if (refusal !== null) return refusal;
      const stored = storableText(hostProblem);
      return write({ ...server, instanceId, lastSeenAtMs: nowMs(), hostProblem: stored });
    },
    forgetInstance: async (serverId, readmit) => {
      const server = servers.get(serverId);
      if (server === undefined) return null;
      const formerInstanceId = readmit ? null : (server.instanceId ?? server.formerInstanceId);
      return write({ ...server, instanceId: null, formerInstanceId, hostProblem: "" });
    },
    get: async (serverId) => servers.get(serverId) ?? null,
    getByName: async (name) => byName(name) ?? null,
    list: async (page) => pageOf(servers.values(), ({ serverId }) => serverId, page),
  };
}

export function memoryGames({ tables }: Surroundings): GameRecords {
  const { configs, games, servers } = tables;
  return {
    createConfig: async (given) => {
      const config = { ...given, configId: nextId(tables) };
      configs.set(config.configId, config);
      return config;
    },
    getConfig: async (configId) => configs.get(configId) ?? null,
    listConfigs: async (gameId, page) => {
      const found = [...configs.values()].filter(
        (config) => gameId === null || config.gameId === gameId,
      );
      return pageOf(found, ({ configId }) => configId, page);
    },
    deploy: async ({ serverId, configId, portBindings }) => {
      if (!servers.has(serverId)) return notFound("server", serverId);
      if (!configs.has(configId)) return notFound("game config", configId);
      const sgcId = nextId(tables);
      const game = { sgcId, serverId, configId, portBindings, status: "active" } as const;
      games.set(sgcId, { game, commandSequence: 0n });
      return game;
    },
    getGame: async (sgcId) => games.get(sgcId)?.game ?? null,
    listGames: async (serverId, page) => {
      const found = [...games.values()]
        .map(({ game }) => game)
        .filter((game) => serverId === null || game.serverId === serverId);
      return pageOf(found, ({ sgcId }) => sgcId, page);
    },
  };
}

/** What is known of a host; one that was seen within that time is online. */
export function hostStateOf(
  { tables, nowMs }: Surroundings,
  serverId: bigint,
  hostOnlineMs: number,
): HostState {
  const { lastSeenAtMs = null, hostProblem: problem = "" } = tables.servers.get(serverId) ?? {};
  return { isOnline: lastSeenAtMs !== null && lastSeenAtMs >= nowMs() - hostOnlineMs, problem };
}
