// Sessions end to end: the game is a process, what is sent reaches its standard input, and its end is on record as it was.
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { deployedGame, makeWorld, runningGame } from "../harness/fleet-games.ts";
import { untilSession } from "../harness/fleet-records.ts";
import { Fleet, tellLogOfFailure } from "../harness/fleet.ts";
import { processesIn } from "../harness/strays.ts";
import { until } from "../harness/until.ts";

let fleet: Fleet;

beforeAll(async () => {
  fleet = await Fleet.open();
  await fleet.stand();
});

beforeEach(() => tellLogOfFailure(fleet));

afterAll(async () => {
  await fleet.close();
});

test("a game is started, takes input, and is stopped", async () => {
  const game = await runningGame(fleet);
  const { sessionId } = game;
  expect(processesIn(game.world)).toEqual([game.pid]);
  await fleet.api.sendInput({ sessionId, input: Buffer.from("say hello\nsay ") });
  await fleet.api.sendInput({ sessionId, input: Buffer.from("again\n") });
  await until(() => game.heard().length === 2, { what: "the game hears it" });
  expect(game.heard()).toEqual(["say hello", "say again"]);
  await game.goesOn();

  const { session } = await fleet.api.stopSession({ sessionId });
  expect(session?.status).toBe("stopping");
  const stopped = await untilSession(fleet, sessionId, "stopped");
  expect(stopped).toMatchObject({ exitCode: 0, errorMessage: "" });
  expect(Number(stopped.endedAt)).toBeGreaterThanOrEqual(Number(stopped.startedAt));
  expect(Number(stopped.startedAt)).toBeGreaterThan(1_700_000_000);
  expect(game.heard().at(-1)).toBe("SIGTERM");
  expect(processesIn(game.world)).toEqual([]);
});

test("a game that ends by itself with code 0 has completed", async () => {
  const { sessionId } = await runningGame(fleet);
  await fleet.api.sendInput({ sessionId, input: Buffer.from("exit 0\n") });
  const completed = await untilSession(fleet, sessionId, "completed");
  expect(completed).toMatchObject({ exitCode: 0, errorMessage: "" });
});

test("a game that ends with another code has crashed, with that code, and can be started again", async () => {
  const game = await runningGame(fleet);
  const { sessionId } = game;
  await fleet.api.sendInput({ sessionId, input: Buffer.from("exit 3\n") });
  const crashed = await untilSession(fleet, sessionId, "crashed");
  expect(crashed).toMatchObject({ exitCode: 3, errorMessage: "exited with code 3" });

  const { session } = await fleet.api.startSession({ serverGameConfigId: game.sgcId });
  const again = await untilSession(fleet, session?.sessionId ?? 0n, "running");
  expect(again.sessionId).not.toBe(sessionId);
  expect((await fleet.api.getSession({ sessionId })).session?.status).toBe("crashed");
});

test("a game that is killed has crashed, with the signal", async () => {
  const game = await runningGame(fleet);
  process.kill(game.pid, "SIGKILL");
  const crashed = await untilSession(fleet, game.sessionId, "crashed");
  expect(crashed).toMatchObject({ exitCode: 137, errorMessage: "ended by SIGKILL" });
});

test("a program that does not exist makes a crashed session that says so", async () => {
  const game = await deployedGame(fleet, ["./no-such-server", "--port", "1"]);
  await makeWorld(game, 1_000);
  const { session } = await fleet.api.startSession({ serverGameConfigId: game.sgcId });
  const crashed = await untilSession(fleet, session?.sessionId ?? 0n, "crashed");
  expect(crashed.exitCode).toBe(-1);
  expect(crashed.errorMessage).toContain("the program ./no-such-server does not exist in ");
});
