// Whether a backup may be made now.
import { expect, test } from "vitest";
import { decideCreation, type BackupRequest, type BackupSituation } from "./create-backup.ts";
import { sampleBackup } from "./sample-backup.ts";
import { sessionStatuses } from "../session/lifecycle.ts";

const bySession: BackupRequest = {
  target: { by: "session", sessionId: 123n },
  description: "Before update",
  requestId: "r-1",
};
const bySgc: BackupRequest = { ...bySession, target: { by: "sgc", sgcId: 42n } };
const running: BackupSituation = {
  session: { sessionId: 123n, sgcId: 42n, status: "running" },
  game: { sgcId: 42n, serverId: 7n },
  operation: null,
  earlier: null,
};
const stopped: BackupSituation = { ...running, session: null };
const birth = {
  sgcId: 42n,
  serverId: 7n,
  sessionId: 123n,
  description: "Before update",
  requestId: "r-1",
};

test("a session that lives is backed up", () => {
  expect(decideCreation(bySession, running)).toEqual({ kind: "create", birth });
});

test("a game that does not run is backed up by its config, without a session", () => {
  expect(decideCreation(bySgc, stopped)).toEqual({
    kind: "create",
    birth: { ...birth, sessionId: null },
  });
});

test("whether a session can be backed up follows from whether it may have a process", () => {
  const able = sessionStatuses.filter((status) => {
    const session = { sessionId: 123n, sgcId: 42n, status };
    return decideCreation(bySession, { ...running, session }).kind === "create";
  });
  expect(able).toEqual(["pending", "starting", "running", "stopping"]);
});

test("a session that has ended is refused with the way out", () => {
  const session = { sessionId: 123n, sgcId: 42n, status: "crashed" } as const;
  expect(decideCreation(bySession, { ...running, session })).toEqual({
    kind: "refuse",
    refusal: {
      kind: "failed-precondition",
      why: "session 123 is crashed; back its data up with server_game_config_id 42 instead",
    },
  });
});

test.each([
  ["session", bySession, 123n],
  ["server game config", bySgc, 42n],
] as const)("an unknown %s is refused by its id", (what, request, id) => {
  const nothing = { session: null, game: null, operation: null, earlier: null };
  expect(decideCreation(request, nothing)).toEqual({
    kind: "refuse",
    refusal: { kind: "not-found", what, id },
  });
});

test("a second operation on one game is refused, naming the first", () => {
  const operation = { kind: "backup", backupId: 4n } as const;
  expect(decideCreation(bySgc, { ...stopped, operation })).toEqual({
    kind: "refuse",
    refusal: {
      kind: "already-exists",
      why: "backup 4 of server game config 42 is under way; wait for it to end",
    },
  });
});

test.each([
  [bySession, sampleBackup("completed")],
  [bySgc, sampleBackup("pending", { sessionId: null })],
])(
  "the same request gets its first answer again, whatever has become of it",
  (request, earlier) => {
    const situation = { ...running, operation: { kind: "backup", backupId: 9n } as const, earlier };
    expect(decideCreation(request, situation)).toEqual({ kind: "repeat", backup: earlier });
  },
);

test.each([
  ["another session", bySession, sampleBackup("completed", { sessionId: 124n })],
  ["another game", bySgc, sampleBackup("completed", { sessionId: null, sgcId: 43n })],
  ["a session of the same game", bySgc, sampleBackup("completed")],
])("a request id that was used for %s is refused", (_what, request, earlier) => {
  expect(decideCreation(request, { ...running, earlier })).toEqual({
    kind: "refuse",
    refusal: {
      kind: "invalid-argument",
      violations: [
        {
          field: "request_id",
          problem: "was used for backup 5 of another target; use a new one",
        },
      ],
    },
  });
});
