// Asking a session to end, and sending input to one.
import { expect, test } from "vitest";
import { isLive, liveStatuses, sessionStatuses } from "./lifecycle.ts";
import { sampleCircumstances, sampleNowMs, sampleSession } from "./sample-session.ts";
import { askToStop, sendInput } from "./stop-session.ts";

const ended = sessionStatuses.filter((status) => !isLive(status));

const command = { kind: "stop", serverId: 7n, sgcId: 42n, sessionId: 456n };

test.each(liveStatuses.filter((status) => status !== "stopping"))(
  "a session that is %s is told to stop, and looked after until it has ended",
  (status) => {
    const session = sampleSession(status, { dueTries: 3 });
    expect(askToStop(session, sampleCircumstances)).toEqual({
      kind: "change",
      session: {
        ...session,
        status: "stopping",
        statusSinceMs: sampleNowMs,
        dueAtMs: sampleNowMs + 30_000,
        dueTries: 0,
      },
      command,
    });
  },
);

test("a session that is stopping is told again, and waits no longer for that", () => {
  const session = sampleSession("stopping", { dueTries: 3 });
  expect(askToStop(session, sampleCircumstances)).toEqual({ kind: "change", session, command });
});

test.each(ended)("a session that is %s stays as it is", (status) => {
  expect(askToStop(sampleSession(status), sampleCircumstances)).toEqual({
    kind: "keep",
    why: `the session is ${status}`,
  });
});

test("a running session takes input, and stays as it is", () => {
  const session = sampleSession("running");
  const input = new Uint8Array([115, 97, 121, 10]);
  expect(sendInput(session, input)).toEqual({
    kind: "change",
    session,
    command: { kind: "input", serverId: 7n, sgcId: 42n, sessionId: 456n, input },
  });
});

test.each(sessionStatuses.filter((status) => status !== "running"))(
  "a session that is %s takes no input",
  (status) => {
    expect(sendInput(sampleSession(status), new Uint8Array([10]))).toEqual({
      kind: "refuse",
      refusal: {
        kind: "failed-precondition",
        why: `session 456 is ${status}; only a running session takes input`,
      },
    });
  },
);
