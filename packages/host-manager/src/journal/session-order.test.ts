import { expect, test } from "vitest";
import { markAfter, noMark, whyDropped, type SessionCommand } from "./session-order.ts";

const ids = { sessionId: 456n, sgcId: 42n };
const start: SessionCommand = {
  kind: "session.start",
  ...ids,
  sequence: 0n,
  entrypoint: ["./game"],
  gameCommand: [],
  argsTemplate: "",
  envTemplate: {},
  portBindings: [],
};
const stop: SessionCommand = { kind: "session.stop", ...ids, sequence: 0n };

test.each<[string, { sequence: number; sessionId: bigint }, SessionCommand, string | undefined]>([
  ["the first command", noMark, start, undefined],
  [
    "the next sequence number",
    { sequence: 7, sessionId: 1n },
    { ...start, sequence: 8n },
    undefined,
  ],
  ["a gap in the numbers", { sequence: 7, sessionId: 1n }, { ...stop, sequence: 90n }, undefined],
  [
    "the same sequence number",
    { sequence: 8, sessionId: 1n },
    { ...stop, sequence: 8n },
    "sequence number 8 is not above 8",
  ],
  [
    "input with an older sequence number",
    { sequence: 8, sessionId: 1n },
    { kind: "session.send_input", ...ids, sequence: 7n, input: new Uint8Array([10]) },
    "sequence number 7 is not above 8",
  ],
  [
    "a start that was overtaken by another stop of the session before it",
    { sequence: 8, sessionId: 455n },
    { ...start, sequence: 7n },
    undefined,
  ],
  [
    "a start that was overtaken by its own stop",
    markAfter(noMark, { ...stop, sequence: 8n }),
    { ...start, sequence: 7n },
    "session 456 was started already, or asked to end",
  ],
  [
    "a stop that was overtaken by the start of the next session",
    { sequence: 8, sessionId: 457n },
    { ...stop, sequence: 7n },
    undefined,
  ],
  [
    "a kill that was overtaken",
    { sequence: 8, sessionId: 456n },
    { kind: "session.kill", ...ids, sequence: 7n },
    undefined,
  ],
  ["a stop without a number", { sequence: 8, sessionId: 456n }, stop, undefined],
  [
    "a start of the newest session",
    { sequence: 0, sessionId: 456n },
    start,
    "session 456 was started already, or asked to end",
  ],
  [
    "a start of an older session",
    { sequence: 0, sessionId: 457n },
    start,
    "session 457 was started already, or asked to end",
  ],
  ["a start of a newer session", { sequence: 0, sessionId: 455n }, start, undefined],
])("%s: carried out or dropped", (_, mark, command, why) => {
  expect(whyDropped(mark, command)).toBe(why);
});

test("a mark only ever rises", () => {
  const started = markAfter({ sequence: 3, sessionId: 2n }, { ...start, sequence: 5n });
  expect(started).toEqual({ sequence: 5, sessionId: 456n });
  expect(markAfter(started, stop)).toEqual({ sequence: 5, sessionId: 456n });
  expect(markAfter(started, { ...stop, sequence: 6n })).toEqual({ sequence: 6, sessionId: 456n });
});
