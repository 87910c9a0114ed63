// What a host's report on a game changes, and that it never turns a session back.
import fc from "fast-check";
import { expect, test } from "vitest";
import { isLive, sessionEndedBy, sessionMayFollow, sessionStatuses } from "./lifecycle.ts";
import { sampleCircumstances, sampleSession } from "./sample-session.ts";
import { takeSessionReport, type SessionReport } from "./take-session-report.ts";

const nowMs = sampleCircumstances.nowMs;
const report = (fields: Partial<SessionReport>): SessionReport => ({
  status: "running",
  exitCode: null,
  errorMessage: "",
  ...fields,
});

test("a game that runs has started now", () => {
  const pending = sampleSession("pending");
  expect(takeSessionReport(pending, report({}), sampleCircumstances)).toEqual({
    kind: "change",
    session: {
      ...pending,
      status: "running",
      statusSinceMs: nowMs,
      startedAtMs: nowMs,
      dueAtMs: null,
    },
  });
});

test("a game that ends by itself keeps its start and its exit code", () => {
  const running = sampleSession("running");
  const crashed = report({ status: "crashed", exitCode: 139, errorMessage: "SIGSEGV" });
  expect(takeSessionReport(running, crashed, sampleCircumstances)).toEqual({
    kind: "change",
    session: {
      ...running,
      status: "crashed",
      statusSinceMs: nowMs,
      endedAtMs: nowMs,
      exitCode: 139,
      errorMessage: "SIGSEGV",
    },
  });
});

test.each(["crashed", "completed", "stopped"] as const)(
  "a game that was asked to stop has stopped, also when its host says %s",
  (status) => {
    const decision = takeSessionReport(
      sampleSession("stopping"),
      report({ status, exitCode: 143 }),
      sampleCircumstances,
    );
    expect(decision).toMatchObject({ session: { status: "stopped", exitCode: 143 } });
  },
);

test("a game that could not start never started", () => {
  const decision = takeSessionReport(
    sampleSession("starting"),
    report({ status: "crashed", exitCode: -1, errorMessage: "no such program" }),
    sampleCircumstances,
  );
  expect(decision).toMatchObject({ session: { status: "crashed", startedAtMs: null } });
});

test("a stop that overtook the report of the start is not undone by it", () => {
  expect(takeSessionReport(sampleSession("stopping"), report({}), sampleCircumstances)).toEqual({
    kind: "keep",
    why: "stopping cannot become running",
  });
});

test("no report, however late or often, leaves the lifecycle or undoes an end", () => {
  const anyReport = fc.record({
    status: fc.constantFrom(...sessionStatuses),
    exitCode: fc.option(fc.integer({ min: -1, max: 255 })),
    errorMessage: fc.string(),
  });
  fc.assert(
    fc.property(
      fc.constantFrom(...sessionStatuses),
      fc.array(anyReport, { maxLength: 10 }),
      (status, reports) => {
        let session = sampleSession(status);
        for (const next of reports) {
          const decision = takeSessionReport(session, next, sampleCircumstances);
          if (decision.kind !== "change") continue;
          expect(sessionMayFollow(session.status, decision.session.status)).toBe(true);
          session = decision.session;
          expect(session.endedAtMs === null).toBe(isLive(session.status));
          expect(session.dueAtMs === null).toBe(sessionEndedBy(session.status) === null);
        }
        expect(isLive(status) || session).toEqual(isLive(status) || sampleSession(status));
      },
    ),
  );
});
