import { expect, test } from "vitest";
import { judgeSession, type SessionEvidence, type SessionVerdict } from "./session-verdict.ts";

const BOOT = "b0";
const SUPERVISOR = { pid: 100, startTicks: 5_000 };
const GAME = { pid: 101, startTicks: 5_010, startedAtMs: 1_700_000_000_000 };
const CLAIMED = { bootId: BOOT, supervisor: SUPERVISOR, game: undefined };
const RECORDED = { bootId: BOOT, supervisor: SUPERVISOR, game: GAME };
const EXIT = {
  how: "exited",
  exitCode: 3,
  signal: undefined,
  endedAtMs: 1_700_000_001_000,
  reason: undefined,
  faultKind: undefined,
} as const;
const REBOOTED = "the machine restarted while it ran";
const UNSEEN = "its supervisor was killed, so nobody saw how it ended";
const NEVER_RAN = "its supervisor ended before its program ran";

const NOTHING: SessionEvidence = {
  record: undefined,
  exit: undefined,
  bootId: BOOT,
  supervisorLives: false,
  gameLives: false,
};

test.each<[string, Partial<SessionEvidence>, SessionVerdict]>([
  ["nothing but the intent", {}, { is: "unclaimed" }],
  [
    "a claim of the host manager",
    { record: { bootId: BOOT, supervisor: undefined, game: undefined } },
    {
      is: "unrecorded",
      how: "not-started",
      reason: "it was called off before its program ran",
    },
  ],
  [
    "a claim of a supervisor that lives",
    { record: CLAIMED, supervisorLives: true },
    { is: "starting" },
  ],
  [
    "a claim of a supervisor that is gone",
    { record: CLAIMED },
    { is: "unrecorded", how: "not-started", reason: NEVER_RAN },
  ],
  [
    "a claim of another boot",
    { record: CLAIMED, bootId: "b1", supervisorLives: true },
    { is: "unrecorded", how: "not-started", reason: NEVER_RAN },
  ],
  [
    "a game and its supervisor",
    { record: RECORDED, supervisorLives: true, gameLives: true },
    { is: "running", game: GAME, supervised: true },
  ],
  [
    "a supervisor about to record the end of its game",
    { record: RECORDED, supervisorLives: true },
    { is: "running", game: GAME, supervised: true },
  ],
  [
    "a game whose supervisor was killed",
    { record: RECORDED, gameLives: true },
    { is: "running", game: GAME, supervised: false },
  ],
  [
    "a game and a supervisor that are gone",
    { record: RECORDED },
    { is: "unrecorded", how: "lost", reason: UNSEEN },
  ],
  [
    "a game of another boot, whatever has its pid",
    { record: RECORDED, bootId: "b1", supervisorLives: true, gameLives: true },
    { is: "unrecorded", how: "lost", reason: REBOOTED },
  ],
  [
    "an end, with its supervisor on the way out",
    { record: RECORDED, exit: EXIT, supervisorLives: true },
    { is: "ended", exit: EXIT },
  ],
  [
    "an end before the last boot",
    { record: RECORDED, exit: EXIT, bootId: "b1" },
    { is: "ended", exit: EXIT },
  ],
])("%s", (_, evidence, verdict) => {
  expect(judgeSession({ ...NOTHING, ...evidence })).toEqual(verdict);
});
