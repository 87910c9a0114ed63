// What happens to a session whose host says nothing of it.
import { expect, test } from "vitest";
import type { HostCommand } from "../host-command.ts";
import { sessionEndedBy, sessionStatuses } from "./lifecycle.ts";
import { lookAtSession } from "./look-at-session.ts";
import { sampleCircumstances, sampleNowMs, sampleSession } from "./sample-session.ts";

const recipe = { entrypoint: [], command: [], argsTemplate: "", envTemplate: {}, portBindings: [] };
const ids = { serverId: 7n, sgcId: 42n, sessionId: 456n };
const startCommand: HostCommand = { kind: "start", ...ids, recipe };
const stopCommand: HostCommand = { kind: "stop", ...ids };
const online = { host: { isOnline: true, problem: "" }, startCommand };
const away = { host: { isOnline: false, problem: "" }, startCommand };
const full = { host: { isOnline: true, problem: "its disk has 1.2 MiB free" }, startCommand };
const dayMs = 86_400_000;

test.each([
  ["pending", startCommand],
  ["starting", startCommand],
  ["stopping", stopCommand],
] as const)("of a session that is %s the host is told again", (status, command) => {
  const session = sampleSession(status, { dueTries: 2 });
  expect(lookAtSession(session, online, sampleCircumstances)).toEqual({
    kind: "change",
    session: { ...session, dueAtMs: sampleNowMs + 120_000, dueTries: 3 },
    command,
  });
});

test.each([
  [0, 30_000],
  [4, 480_000],
  [400, 480_000],
])("after %d looks in vain the next comes in %d ms", (dueTries, waitMs) => {
  const session = sampleSession("pending", { dueTries });
  expect(lookAtSession(session, online, sampleCircumstances)).toMatchObject({
    session: { dueAtMs: sampleNowMs + waitMs, dueTries: dueTries + 1 },
  });
});

test.each(["pending", "stopping"] as const)(
  "a host that is away is not sent what its queue holds, for a session that is %s",
  (status) => {
    const session = sampleSession(status);
    expect(lookAtSession(session, away, sampleCircumstances)).toEqual({
      kind: "change",
      session: { ...session, dueAtMs: sampleNowMs + 30_000, dueTries: 1 },
    });
  },
);

test.each([
  ["pending", online],
  ["pending", away],
  ["starting", online],
] as const)(
  "a session that is %s and that no host begins in time has crashed, and a late start is followed by a stop",
  (status, look) => {
    const session = sampleSession(status, { statusSinceMs: sampleNowMs - dayMs, dueTries: 9 });
    expect(lookAtSession(session, look, sampleCircumstances)).toEqual({
      kind: "change",
      session: {
        ...session,
        status: "crashed",
        statusSinceMs: sampleNowMs,
        endedAtMs: sampleNowMs,
        exitCode: -1,
        errorMessage: "no host manager of server 7 began it within 24.0 h",
        dueAtMs: null,
        dueTries: 0,
      },
      command: stopCommand,
    });
    const younger = { ...session, statusSinceMs: session.statusSinceMs + 1 };
    expect(lookAtSession(younger, look, sampleCircumstances)).toMatchObject({
      session: { status },
    });
  },
);

test("a host without room is not sent a start, which it would hand back, and is sent a stop", () => {
  const pending = sampleSession("pending", { dueTries: 2 });
  expect(lookAtSession(pending, full, sampleCircumstances)).toEqual({
    kind: "change",
    session: { ...pending, dueAtMs: sampleNowMs + 30_000 },
  });
  const stopping = sampleSession("stopping", { dueTries: 2 });
  expect(lookAtSession(stopping, full, sampleCircumstances)).toMatchObject({
    command: stopCommand,
  });
});

test("a session that waited in vain for room says so", () => {
  const pending = sampleSession("pending", { statusSinceMs: sampleNowMs - dayMs });
  expect(lookAtSession(pending, full, sampleCircumstances)).toMatchObject({
    session: {
      errorMessage:
        "no host manager of server 7 began it within 24.0 h; it takes no new work on: its disk has 1.2 MiB free",
    },
  });
});

test("a session whose host stays away after the stop has stopped, as far as anybody knows", () => {
  const session = sampleSession("stopping", { statusSinceMs: sampleNowMs - dayMs });
  expect(lookAtSession(session, away, sampleCircumstances)).toEqual({
    kind: "change",
    session: {
      ...session,
      status: "stopped",
      statusSinceMs: sampleNowMs,
      endedAtMs: sampleNowMs,
      exitCode: -1,
      errorMessage: "no host manager of server 7 said within 24.0 h that it has ended",
      dueAtMs: null,
    },
  });
});

test("of a game that does not end on a host that is there nobody says that it has ended", () => {
  const session = sampleSession("stopping", { statusSinceMs: sampleNowMs - 10 * dayMs });
  expect(lookAtSession(session, online, sampleCircumstances)).toMatchObject({
    session: { status: "stopping", endedAtMs: null },
    command: stopCommand,
  });
});

test("a session that somebody looked at meanwhile is left alone", () => {
  const later = sampleSession("pending", { dueAtMs: sampleNowMs + 1 });
  expect(lookAtSession(later, online, sampleCircumstances)).toEqual({
    kind: "keep",
    why: "looked at meanwhile",
  });
});

test.each(sessionStatuses.filter((status) => sessionEndedBy(status) === null))(
  "a session that is %s waits for nobody",
  (status) => {
    expect(lookAtSession(sampleSession(status), online, sampleCircumstances)).toEqual({
      kind: "keep",
      why: `the session is ${status}`,
    });
  },
);
