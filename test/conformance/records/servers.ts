// ServerRecords.
import { describe, expect, test } from "vitest";
import type { MakeRecords } from "../records.ts";
import { accepted, hostOnlineMs, present, registeredServer } from "./fixtures.ts";

const disowned = { kind: "failed-precondition", reason: "HOST_MANAGER_DISOWNED" };

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
        instanceId: null,
        formerInstanceId: null,
        hostProblem: "",
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
      const host = { name: "host-a", environment: other, capabilities: null, instanceId: null };
      const answer = await records.servers.register(host, hostOnlineMs);
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

    test("a server belongs to the first host manager that registers, and another one changes nothing", async () => {
      const records = await makeRecords();
      const { servers } = records;
      const first = await registeredServer(records, "host-a", "first");
      expect(first.instanceId).toBe("first");
      const other = { name: "host-a", environment: "dev", capabilities: null, instanceId: "other" };
      expect(await servers.register(other, hostOnlineMs)).toMatchObject(disowned);
      expect(await servers.seenBy(first.serverId, "other", hostOnlineMs, "")).toMatchObject(
        disowned,
      );
      expect(await servers.get(first.serverId)).toEqual(first);
      const again = await registeredServer(records, "host-a", "first");
      expect(again).toMatchObject({ serverId: first.serverId, instanceId: "first" });
    });

    test("a caller that names no host manager is taken, and the one on record stays", async () => {
      const records = await makeRecords();
      await registeredServer(records, "host-a", "first");
      expect(await registeredServer(records, "host-a")).toMatchObject({ instanceId: "first" });
    });

    test("of twenty host managers that register one name at the same moment one gets the server", async () => {
      const records = await makeRecords();
      const answers = await Promise.all(
        Array.from({ length: 20 }, async (_, number) => {
          const instanceId = `host-manager-${number}`;
          const host = { name: "host-a", environment: "dev", capabilities: null, instanceId };
          return await records.servers.register(host, hostOnlineMs);
        }),
      );
      expect(answers.filter((answer) => !("kind" in answer))).toHaveLength(1);
      expect(
        answers.filter((answer) => "kind" in answer && answer.kind !== "failed-precondition"),
      ).toEqual([]);
    });

    test("a heartbeat of the host manager on record says that it was seen, and an unknown server's nothing", async () => {
      const records = await makeRecords();
      const { serverId, lastSeenAtMs } = await registeredServer(records, "host-a", "first");
      const seen = accepted(
        present(await records.servers.seenBy(serverId, "first", hostOnlineMs, "")),
      );
      expect(present(seen.lastSeenAtMs)).toBeGreaterThanOrEqual(present(lastSeenAtMs));
      expect(await records.servers.seenBy(serverId + 1n, "first", hostOnlineMs, "")).toBeNull();
    });

    test("a server without a host manager on record belongs to the one whose heartbeat comes first", async () => {
      const records = await makeRecords();
      const { servers } = records;
      const { serverId } = await registeredServer(records, "host-a", "first");
      await servers.forgetInstance(serverId, true);
      const seen = accepted(present(await servers.seenBy(serverId, "first", hostOnlineMs, "")));
      expect(seen.instanceId).toBe("first");
      expect(await servers.seenBy(serverId, "other", hostOnlineMs, "")).toMatchObject(disowned);
    });

    test("a heartbeat does not bring the host manager back that a server was taken over from", async () => {
      const records = await makeRecords();
      const { servers } = records;
      const { serverId } = await registeredServer(records, "host-a", "first");
      await servers.forgetInstance(serverId, false);
      expect(await servers.seenBy(serverId, "first", hostOnlineMs, "")).toMatchObject(disowned);
      expect((await servers.get(serverId))?.instanceId).toBeNull();
    });

    test("what keeps a host from new work stands on record until it says otherwise, or is taken over", async () => {
      const records = await makeRecords();
      const { servers } = records;
      const { serverId, hostProblem } = await registeredServer(records, "host-a", "first");
      expect(hostProblem).toBe("");
      await servers.seenBy(serverId, "first", hostOnlineMs, "its disk \0 is full");
      const said = { hostProblem: "its disk \ufffd is full" };
      expect(await servers.get(serverId)).toMatchObject(said);
      await servers.seenBy(serverId, "other", hostOnlineMs, "");
      expect(await servers.list({ beforeId: null, limit: 1 })).toMatchObject([said]);
      await servers.seenBy(serverId, "first", hostOnlineMs, "");
      expect(await servers.get(serverId)).toMatchObject({ hostProblem: "" });
      await servers.seenBy(serverId, "first", hostOnlineMs, "its disk is full");
      expect(await servers.forgetInstance(serverId, false)).toMatchObject({ hostProblem: "" });
    });

    test("a forgotten host manager makes room for any but itself, however often it is forgotten", async () => {
      const records = await makeRecords();
      const { servers } = records;
      const { serverId } = await registeredServer(records, "host-a", "first");
      await servers.forgetInstance(serverId, false);
      expect(await servers.forgetInstance(serverId, false)).toMatchObject({
        instanceId: null,
        formerInstanceId: "first",
      });
      const first = { name: "host-a", environment: "dev", capabilities: null, instanceId: "first" };
      expect(await servers.register(first, hostOnlineMs)).toMatchObject(disowned);
      expect(await servers.seenBy(serverId, "first", hostOnlineMs, "")).toMatchObject(disowned);
      expect(await registeredServer(records, "host-a", "second")).toMatchObject({
        serverId,
        instanceId: "second",
      });
      expect(await servers.forgetInstance(serverId, true)).toMatchObject({
        instanceId: null,
        formerInstanceId: null,
      });
      expect(await registeredServer(records, "host-a", "second")).toMatchObject({ serverId });
      expect(await servers.forgetInstance(serverId + 1n, false)).toBeNull();
    });

    test("a server is found by its name", async () => {
      const records = await makeRecords();
      const server = await registeredServer(records);
      expect(await records.servers.getByName("host-a")).toEqual(server);
      expect(await records.servers.getByName("host-b")).toBeNull();
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
