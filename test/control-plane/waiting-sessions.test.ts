// Sessions whose host says nothing: their commands are sent again to a host that is there, and a host that never comes ends them.
import { afterAll, beforeAll, expect, test } from "vitest";
import { takenFromHost } from "../harness/broker-queues.ts";
import { until } from "../harness/until.ts";
import { deployedGame, hostWithGame, report, type PlayedHost } from "./played-host.ts";
import { controlPlaneScene, type Scene } from "./scene.ts";

let scene: Scene;

beforeAll(async () => {
  scene = await controlPlaneScene({ limits: { redispatchMs: 500, dispatchDeadlineMs: 8_000 } });
});

afterAll(async () => {
  await scene.close();
});

/** What the host's queue has given, as `routing key session sequence`, once there are that many of that kind. */
async function received(host: PlayedHost, kind: string, count: number): Promise<readonly string[]> {
  const all: string[] = [];
  await until(
    async () => {
      await scene.api.heartbeat({ serverId: host.serverId });
      for (const { routingKey, body } of await takenFromHost(scene.brokerUrl, host.serverId)) {
        const { session_id, sequence } = JSON.parse(body) as Record<string, number>;
        all.push(`${routingKey.split(".").at(-1)} ${session_id} ${sequence}`);
      }
      return all.filter((one) => one.startsWith(kind)).length >= count;
    },
    { what: `${count} times ${kind}` },
  );
  return all;
}

async function statusOf(sessionId: bigint): Promise<string> {
  return (await scene.api.getSession({ sessionId })).session?.status ?? "";
}

test("a start and a stop that a host lost are sent again, in their order, until it says what became of them", async () => {
  const host = await hostWithGame(scene, "lost-its-journal");
  const { session } = await scene.api.startSession({ serverGameConfigId: host.sgcId });
  const sessionId = session?.sessionId ?? 0n;
  const starts = await received(host, "start", 2);
  expect(starts.slice(0, 2)).toEqual([`start ${sessionId} 1`, `start ${sessionId} 2`]);
  await report(scene, { kind: "status.session", sessionId, sgcId: host.sgcId, status: "running" });
  await until(async () => (await statusOf(sessionId)) === "running", { what: "it runs" });
  expect((await scene.records.sessions.get(sessionId))?.dueAtMs).toBeNull();

  await scene.api.stopSession({ sessionId });
  const stops = (await received(host, "stop", 2)).filter((one) => one.startsWith("stop"));
  expect(new Set(stops).size).toBe(stops.length);
  const ended = { status: "stopped", exitCode: 0 } as const;
  await report(scene, { kind: "status.session", sessionId, sgcId: host.sgcId, ...ended });
  await until(async () => (await statusOf(sessionId)) === "stopped", { what: "it has stopped" });
});

test("a session whose host never comes has crashed after the dispatch deadline, and another may start", async () => {
  const { server } = await scene.api.createServer({ name: "never-comes" });
  const { serverId = 0n } = server ?? {};
  const sgcId = await deployedGame(scene, serverId);
  const { session } = await scene.api.startSession({ serverGameConfigId: sgcId });
  const sessionId = session?.sessionId ?? 0n;
  await until(async () => (await statusOf(sessionId)) === "crashed", {
    what: "it is given up",
    deadlineMs: 30_000,
  });
  const { session: ended } = await scene.api.getSession({ sessionId });
  expect(ended?.errorMessage).toMatch(
    new RegExp(`^no host manager of server ${serverId} began it within `),
  );
  await scene.api.startSession({ serverGameConfigId: sgcId });
});
