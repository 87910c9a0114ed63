// A host that was rebuilt: what its lost journal held comes again, as real processes on real servers.
import { rm } from "node:fs/promises";
import { expect, test } from "vitest";
import { takenFromHost } from "../harness/broker-queues.ts";
import { deployedGame } from "../harness/fleet-games.ts";
import { untilSession } from "../harness/fleet-records.ts";
import { openFleet, type Fleet } from "../harness/fleet.ts";

/** The host takes what its queue holds, and is gone with its disk. */
async function lostWithTheHost(fleet: Fleet, serverId: bigint): Promise<void> {
  const lost = await takenFromHost(fleet.brokerUrl, serverId);
  expect(lost).toHaveLength(1);
  await rm(fleet.dataDir, { recursive: true, force: true });
}

test("a start, and then a stop, that went with the journal of a rebuilt host come to its successor", async () => {
  const fleet = await openFleet({ controlPlane: { REDISPATCH_SECONDS: "1" } });
  const { hostManager } = await fleet.stand();
  const game = await deployedGame(fleet);
  const [server] = (await fleet.api.listServers({})).servers;
  const serverId = server?.serverId ?? 0n;
  await hostManager.end("SIGKILL");
  const { session } = await fleet.api.startSession({ serverGameConfigId: game.sgcId });
  const sessionId = session?.sessionId ?? 0n;
  await untilQueued(fleet);
  await lostWithTheHost(fleet, serverId);
  await fleet.api.takeOverServer({ serverId });
  const second = fleet.startHostManager();
  await untilSession(fleet, sessionId, "running");

  await second.end("SIGKILL");
  await fleet.api.stopSession({ sessionId });
  await untilQueued(fleet);
  await lostWithTheHost(fleet, serverId);
  await fleet.api.takeOverServer({ serverId });
  fleet.startHostManager();
  const stopped = await untilSession(fleet, sessionId, "stopped");
  expect(stopped.exitCode).toBe(-1);
});

/** The broker has every command. */
async function untilQueued(fleet: Fleet): Promise<void> {
  await expect.poll(async () => await fleet.query("select kind from outbox")).toEqual([]);
}
