// Whether a session may start, and what else must end for it.
import { expect, test } from "vitest";
import { sampleCircumstances, sampleSession } from "./sample-session.ts";
import { decideStart, type StartSituation } from "./start-session.ts";
import { liveStatuses } from "./lifecycle.ts";

const situation: StartSituation = {
  game: {
    sgcId: 42n,
    serverId: 7n,
    configId: 3n,
    portBindings: [{ containerPort: 25_565, hostPort: 30_000, protocol: "tcp" }],
    status: "active",
  },
  config: {
    configId: 3n,
    gameId: 1n,
    name: "Demo",
    image: "demo:1",
    argsTemplate: "--port {{port}}",
    envTemplate: { WORLD: "ruins" },
    entrypoint: ["/usr/bin/demo"],
    command: ["run"],
  },
  live: [],
};

test("a game without a live session starts, with everything that its host needs", () => {
  const decision = decideStart({ sgcId: 42n, force: false }, situation, sampleCircumstances);
  expect(decision).toMatchObject({
    kind: "start",
    stops: [],
    birth: { sgcId: 42n, serverId: 7n, dueAtMs: sampleCircumstances.nowMs + 30_000 },
  });
  expect(decision.kind === "start" && decision.command(456n)).toEqual({
    kind: "start",
    serverId: 7n,
    sgcId: 42n,
    sessionId: 456n,
    recipe: {
      entrypoint: ["/usr/bin/demo"],
      command: ["run"],
      argsTemplate: "--port {{port}}",
      envTemplate: { WORLD: "ruins" },
      portBindings: [{ containerPort: 25_565, hostPort: 30_000, protocol: "tcp" }],
    },
  });
});

test.each(liveStatuses)("a session that is %s stands in the way, and is named", (status) => {
  const live = [sampleSession(status)];
  expect(
    decideStart({ sgcId: 42n, force: false }, { ...situation, live }, sampleCircumstances),
  ).toEqual({
    kind: "refuse",
    refusal: {
      kind: "failed-precondition",
      why:
        `session 456 of server game config 42 is ${status}; ` +
        "stop it first, or start with force",
    },
  });
});

test.each(liveStatuses)("with force a session that is %s is stopped first", (status) => {
  const live = [sampleSession(status)];
  expect(
    decideStart({ sgcId: 42n, force: true }, { ...situation, live }, sampleCircumstances),
  ).toMatchObject({
    kind: "start",
    stops: [
      {
        session: { sessionId: 456n, status: "stopping" },
        command: { kind: "stop", serverId: 7n, sgcId: 42n, sessionId: 456n },
      },
    ],
  });
});

test("a session that has ended stands in nobody's way", () => {
  const live = [sampleSession("crashed")];
  expect(
    decideStart({ sgcId: 42n, force: false }, { ...situation, live }, sampleCircumstances),
  ).toMatchObject({
    kind: "start",
    stops: [],
  });
});

test("an inactive game does not start, with force or without", () => {
  const inactive = { ...situation, game: { ...situation.game, status: "inactive" as const } };
  for (const force of [false, true]) {
    expect(decideStart({ sgcId: 42n, force }, inactive, sampleCircumstances)).toEqual({
      kind: "refuse",
      refusal: { kind: "failed-precondition", why: "server game config 42 is inactive" },
    });
  }
});

test("an unknown game is refused by its id", () => {
  expect(decideStart({ sgcId: 404n, force: false }, null, sampleCircumstances)).toEqual({
    kind: "refuse",
    refusal: { kind: "not-found", what: "server game config", id: 404n },
  });
});
