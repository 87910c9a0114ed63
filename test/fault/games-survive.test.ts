// Kill -9 of the host manager beside running games: they are left alone, and answer to the next host manager as to the one before.
import { afterAll, beforeAll, beforeEach, expect } from "vitest";
import { deployedGame, makeWorld, runningGame, startedGame } from "../harness/fleet-games.ts";
import { untilSession } from "../harness/fleet-records.ts";
import { Fleet, tellLogOfFailure } from "../harness/fleet.ts";
import type { Program } from "../harness/program.ts";
import { processesIn } from "../harness/strays.ts";
import { until } from "../harness/until.ts";
import { story } from "./points/point-tests.ts";

let fleet: Fleet;
let hostManager: Program;

beforeAll(async () => {
  fleet = await Fleet.open();
  ({ hostManager } = await fleet.stand());
});

beforeEach(() => tellLogOfFailure(fleet));

afterAll(async () => {
  await fleet.close();
});

async function restarted(meanwhile: () => Promise<void> = async () => {}): Promise<void> {
  await hostManager.end("SIGKILL");
  await meanwhile();
  hostManager = fleet.startHostManager();
  await hostManager.said("ready");
}

story("a game runs on, takes input from the next host manager, and is stopped by it", async () => {
  const game = await runningGame(fleet);
  const { sessionId } = game;
  await restarted(async () => await game.goesOn());
  expect((await fleet.api.getSession({ sessionId })).session?.status).toBe("running");

  await fleet.api.sendInput({ sessionId, input: Buffer.from("still there?\n") });
  await until(() => game.heard().includes("still there?"), { what: "the game hears it" });
  await game.goesOn();
  await fleet.api.stopSession({ sessionId });
  expect(await untilSession(fleet, sessionId, "stopped")).toMatchObject({ exitCode: 0 });
  expect(processesIn(game.world)).toEqual([]);
});

story("what is asked while no host manager runs is carried out by the next one", async () => {
  const stopped = await runningGame(fleet);
  const started = await deployedGame(fleet);
  await makeWorld(started, 1_000);
  let starting: Promise<unknown> = Promise.resolve();
  await restarted(async () => {
    await fleet.api.stopSession({ sessionId: stopped.sessionId });
    starting = startedGame(fleet, started);
    await stopped.goesOn();
  });
  await untilSession(fleet, stopped.sessionId, "stopped");
  expect(processesIn(stopped.world)).toEqual([]);
  await starting;
});

story("a game that ends while no host manager runs is on record with how it ended", async () => {
  const game = await runningGame(fleet);
  await fleet.api.sendInput({ sessionId: game.sessionId, input: Buffer.from("one\n") });
  await until(() => game.heard().length === 1, { what: "the game hears it" });
  await restarted(async () => {
    process.kill(game.pid, "SIGKILL");
    await until(() => processesIn(game.world).length === 0, { what: "the game ends" });
  });
  expect(await untilSession(fleet, game.sessionId, "crashed")).toMatchObject({ exitCode: 137 });
});

story("killed as soon as it has taken a start on, it leaves one game and not two", async () => {
  const game = await deployedGame(fleet);
  await makeWorld(game, 1_000);
  const from = hostManager.lines.length;
  const starting = startedGame(fleet, game);
  await hostManager.said("session command taken in", from);
  await restarted();
  const running = await starting;
  await running.goesOn();
  expect(processesIn(game.world)).toEqual([running.pid]);
});
