// GameRecords.
import { describe, expect, test } from "vitest";
import type { MakeRecords } from "../records.ts";
import { accepted, demoConfig, present, registeredServer } from "./fixtures.ts";

export function gameConformance(makeRecords: MakeRecords): void {
  describe("games", () => {
    test("a config comes back as it was given", async () => {
      const records = await makeRecords();
      const given = {
        ...demoConfig,
        argsTemplate: `--motd "it's {{name}}" \\ {a,b} NULL`,
        envTemplate: { MOTD: 'a "quoted" ünïcode \\ line\nand another', EMPTY: "" },
        entrypoint: ["/bin/sh", "-c", 'echo "$HOME", {NULL}', ""],
        command: [],
      };
      const config = await records.games.createConfig(given);
      expect(config).toEqual({ ...given, configId: config.configId });
      expect(await records.games.getConfig(config.configId)).toEqual(config);
      expect(await records.games.getConfig(config.configId + 1n)).toBeNull();
    });

    test("configs are listed newest first, of one game or of all", async () => {
      const records = await makeRecords();
      for (const [name, gameId] of [
        ["a", 1n],
        ["b", 2n],
        ["c", 1n],
      ] as const) {
        await records.games.createConfig({ ...demoConfig, name, gameId });
      }
      const names = async (gameId: bigint | null, beforeId: bigint | null, limit: number) =>
        (await records.games.listConfigs(gameId, { beforeId, limit })).map(({ name }) => name);
      expect(await names(null, null, 2)).toEqual(["c", "b"]);
      expect(await names(1n, null, 9)).toEqual(["c", "a"]);
      const [newest] = await records.games.listConfigs(1n, { beforeId: null, limit: 1 });
      expect(await names(1n, present(newest).configId, 9)).toEqual(["a"]);
    });

    test("a game is deployed on a server with its ports", async () => {
      const records = await makeRecords();
      const { serverId } = await registeredServer(records);
      const { configId } = await records.games.createConfig(demoConfig);
      const portBindings = [{ containerPort: 25_565, hostPort: 30_000, protocol: "tcp" }];
      const game = accepted(await records.games.deploy({ serverId, configId, portBindings }));
      expect(game).toEqual({
        sgcId: game.sgcId,
        serverId,
        configId,
        portBindings,
        status: "active",
      });
      expect(await records.games.getGame(game.sgcId)).toEqual(game);
      expect(await records.games.getGame(game.sgcId + 1n)).toBeNull();
    });

    test("an unknown server or config is refused by name", async () => {
      const records = await makeRecords();
      const { serverId } = await registeredServer(records);
      const { configId } = await records.games.createConfig(demoConfig);
      const { games } = records;
      expect(await games.deploy({ serverId: 404n, configId, portBindings: [] })).toEqual({
        kind: "not-found",
        what: "server",
        id: 404n,
      });
      expect(await games.deploy({ serverId, configId: 405n, portBindings: [] })).toEqual({
        kind: "not-found",
        what: "game config",
        id: 405n,
      });
      expect(await records.games.listGames(null, { beforeId: null, limit: 9 })).toEqual([]);
    });

    test("games are listed newest first, of one server or of all", async () => {
      const records = await makeRecords();
      const { configId } = await records.games.createConfig(demoConfig);
      const deployOn = async (name: string) => {
        const { serverId } = await registeredServer(records, name);
        return accepted(await records.games.deploy({ serverId, configId, portBindings: [] }));
      };
      const first = await deployOn("a");
      const second = await deployOn("b");
      const third = await deployOn("a");
      const { games } = records;
      expect(await games.listGames(null, { beforeId: null, limit: 2 })).toEqual([third, second]);
      expect(await games.listGames(first.serverId, { beforeId: null, limit: 9 })).toEqual([
        third,
        first,
      ]);
      expect(await games.listGames(first.serverId, { beforeId: third.sgcId, limit: 9 })).toEqual([
        first,
      ]);
    });
  });
}
