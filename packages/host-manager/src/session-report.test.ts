import { expect, test } from "vitest";
import type { GameEnd } from "./games/game-runner.ts";
import { endingOf, reportOf } from "./session-report.ts";

const exited: GameEnd = {
  how: "exited",
  exitCode: 0,
  signal: undefined,
  endedAtMs: 1_000,
  reason: undefined,
};

test.each<[string, GameEnd, boolean, ReturnType<typeof endingOf>]>([
  ["by itself with 0 has completed", exited, false, { status: "completed", exitCode: 0 }],
  [
    "by itself with 3 has crashed",
    { ...exited, exitCode: 3 },
    false,
    { status: "crashed", exitCode: 3, errorMessage: "exited with code 3" },
  ],
  [
    "by a signal that nobody asked for has crashed",
    { ...exited, exitCode: 139, signal: "SIGSEGV" },
    false,
    { status: "crashed", exitCode: 139, errorMessage: "ended by SIGSEGV" },
  ],
  [
    "after it was asked to has stopped, whatever it exits with",
    { ...exited, exitCode: 143, signal: "SIGTERM" },
    true,
    { status: "stopped", exitCode: 143 },
  ],
  [
    "while nobody watched has crashed with the reason",
    { ...exited, how: "lost", exitCode: -1, reason: "the machine restarted" },
    false,
    { status: "crashed", exitCode: -1, errorMessage: "the machine restarted" },
  ],
  [
    "before its program ran has crashed even when it was asked to end",
    { ...exited, how: "not-started", exitCode: -1, reason: "no program ./start.sh" },
    true,
    { status: "crashed", exitCode: -1, errorMessage: "no program ./start.sh" },
  ],
])("a game that ended %s", (_, end, endAsked, ending) => {
  expect(endingOf(end, endAsked)).toEqual(ending);
});

test("a running game is reported as running, a starting one not at all", () => {
  const game = { sessionId: 456n, sgcId: 42n };
  expect(reportOf({ ...game, state: "starting" }, 7n, false)).toBeUndefined();
  const running = { ...game, state: "running", pid: 9, startedAtMs: 1, supervised: true } as const;
  expect(reportOf(running, 7n, false)).toEqual({
    kind: "status.session",
    sessionId: 456n,
    sgcId: 42n,
    serverId: 7n,
    status: "running",
  });
});
