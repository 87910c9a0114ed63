// ServerRecords.
import { describe, expect, test } from "vitest";
import type { MakeRecords } from "../records.ts";
import { accepted, present, registeredServer } from "./fixtures.ts";

export function serverConformance(makeRecords: MakeRecords): void {
  describe("servers", () => {
    test("a host that registers for the first time gets a server that was seen", async () => {
      const records = await makeRecords();
      const server = await registeredServer(records, "host-a");
      expect(server).toEqual({
        serverId: server.serverId,
        name: "host-a",
        environment: "dev",
        isDefault: false,
        lastSeenAtMs: expect.any(Number),
      });
      expect(await records.servers.get(server.serverId)).toEqual(server);
    });

    test("a host that registers again keeps its server and was seen again", async () => {
      const records = await makeRecords();
      const first = await registeredServer(records);
      const second = await registeredServer(records);
      expect(second.serverId).toBe(first.serverId);
      expect(present(second.lastSeenAtMs)).toBeGreaterThanOrEqual(present(first.lastSeenAtMs));
    });

    test("twenty registrations of one name at the same moment make one server", async () => {
      const records = await makeRecords();
      const servers = await Promise.all(
        Array.from({ length: 20 }, async () => await registeredServer(records)),
      );
      expect(new Set(servers.map(({ serverId }) => serverId)).size).toBe(1);
      expect(await records.servers.list({ beforeId: null, limit: 10 })).toHaveLength(1);
    });

    test("registering fills in an empty environment", async () => {
      const records = await makeRecords();
      const made = accepted(await records.servers.create("host-a"));
      expect(made.environment).toBe("");
      expect(made.lastSeenAtMs).toBeNull();
      expect(await registeredServer(records)).toMatchObject({
        serverId: made.serverId,
        environment: "dev",
      });
    });

    test.each(["prod", ""])("registering with another environment, %j, refuses", async (other) => {
      const records = await makeRecords();
      const before = await registeredServer(records);
      const answer = await records.servers.register({
        name: "host-a",
        environment: other,
        capabilities: null,
      });
      expect(answer).toMatchObject({ kind: "failed-precondition" });
      expect(await records.servers.get(before.serverId)).toEqual(before);
    });

    test("a name that is taken is refused, and the first server stays", async () => {
      const records = await makeRecords();
      const first = await registeredServer(records);
      expect(await records.servers.create("host-a")).toMatchObject({ kind: "already-exists" });
      expect(await records.servers.list({ beforeId: null, limit: 10 })).toEqual([first]);
    });

    test("a heartbeat says that the host was seen, and an unknown host's says nothing", async () => {
      const records = await makeRecords();
      const made = accepted(await records.servers.create("host-a"));
      const seen = present(await records.servers.seen(made.serverId, { cpu_cores: 4 }));
      expect(seen.lastSeenAtMs).toEqual(expect.any(Number));
      expect(await records.servers.get(made.serverId)).toEqual(seen);
      expect(await records.servers.seen(made.serverId + 1n, null)).toBeNull();
      expect(await records.servers.get(made.serverId + 1n)).toBeNull();
    });

    test("lists come newest first, page by page", async () => {
      const records = await makeRecords();
      for (const name of ["a", "b", "c", "d", "e"]) await registeredServer(records, name);
      const first = await records.servers.list({ beforeId: null, limit: 3 });
      expect(first.map(({ name }) => name)).toEqual(["e", "d", "c"]);
      const last = present(first[2]).serverId;
      const second = await records.servers.list({ beforeId: last, limit: 3 });
      expect(second.map(({ name }) => name)).toEqual(["b", "a"]);
    });
  });
}
