import { expect, test } from "vitest";
import { decodeExit, decodeSpec, decodeSupervisor, encodeRecord } from "./session-records.ts";

const PROCESS = { pid: 12, startTicks: 345 };

test("what is written is read back", () => {
  const spec = {
    sessionId: 9_007_199_254_740_993n,
    sgcId: 42n,
    argv: ["./start.sh", "", "é"],
    env: { A: "1" },
    workingDirectory: "/data/game",
  };
  const supervisor = {
    bootId: "b",
    supervisor: PROCESS,
    game: { ...PROCESS, startedAtMs: 1_700_000_000_000 },
  };
  const calledOff = { bootId: "b", supervisor: undefined, game: undefined };
  const exit = {
    how: "not-started",
    exitCode: -1,
    signal: undefined,
    endedAtMs: 1_700_000_000_000,
    reason: "no program",
    faultKind: "missing",
  } as const;

  expect(decodeSpec("f", encodeRecord(spec))).toEqual(spec);
  expect(decodeSupervisor("f", encodeRecord(supervisor))).toEqual(supervisor);
  expect(decodeSupervisor("f", encodeRecord(calledOff))).toEqual(calledOff);
  expect(decodeExit("f", encodeRecord(exit))).toEqual(exit);
});

test("fields of a version to come are ignored", () => {
  expect(decodeSupervisor("f", `{"bootId":"b","later":{"x":1}}`)).toEqual({
    bootId: "b",
    supervisor: undefined,
    game: undefined,
  });
});

test.each<[string, string]>([
  [`{"bootId":"b"`, "read s.json: Expected ',' or '}' after property value in JSON at position 13"],
  ["[]", "read s.json: not an object"],
  ["{}", `read s.json: "bootId" is not a text`],
  [`{"bootId":"b","game":7}`, "read s.json game: not an object"],
  // To kill(2), these mean everybody and the own group.
  [
    `{"bootId":"b","supervisor":{"pid":1,"startTicks":1}}`,
    `read s.json supervisor: "pid" is not a pid`,
  ],
  [
    `{"bootId":"b","supervisor":{"pid":0,"startTicks":1}}`,
    `read s.json supervisor: "pid" is not a pid`,
  ],
  [
    `{"bootId":"b","supervisor":{"pid":-5,"startTicks":1}}`,
    `read s.json supervisor: "pid" is not a pid`,
  ],
  [
    `{"bootId":"b","game":{"pid":5,"startTicks":1.5,"startedAtMs":1}}`,
    `read s.json game: "startTicks" is not a whole number`,
  ],
])("%s is called corrupt by file and field", (text, message) => {
  expect(() => decodeSupervisor("s.json", text)).toThrow(
    expect.objectContaining({ kind: "corrupt", message: expect.stringContaining(message) }),
  );
});

test.each(["", "-1", "1e3", "12345678901234567890"])("%j is no id", (sessionId) => {
  expect(() => decodeSpec("spec.json", JSON.stringify({ sessionId }))).toThrow(
    `read spec.json: "sessionId" is not an id`,
  );
});
