import { expect, test } from "vitest";
import {
  decodeAnswer,
  decodeRequest,
  encodeLine,
  INPUT_BYTES_MAX,
  LINE_BYTES_MAX,
} from "./control-protocol.ts";

test.each([
  { op: "ping" },
  { op: "kill" },
  { op: "input", base64: "aGk=" },
  { op: "stop", graceSeconds: 0.5 },
] as const)("%j is read as it was written", (request) => {
  expect(decodeRequest(encodeLine(request))).toEqual(request);
});

test.each([
  "",
  "x",
  "7",
  "null",
  `{"op":"restart"}`,
  `{"op":"input"}`,
  `{"op":"input","base64":1}`,
  `{"op":"stop"}`,
  `{"op":"stop","graceSeconds":-1}`,
  `{"op":"stop","graceSeconds":null}`,
])("%s is no request", (line) => {
  expect(decodeRequest(line)).toBeUndefined();
});

test("answers are read as they were written, and a kind that does not exist is no answer", () => {
  const no = { ok: false, kind: "exhausted", problem: "full" } as const;
  expect(decodeAnswer(encodeLine({ ok: true }))).toEqual({ ok: true });
  expect(decodeAnswer(encodeLine(no))).toEqual(no);
  expect(decodeAnswer(`{"ok":false,"kind":"odd","problem":""}`)).toBeUndefined();
  expect(decodeAnswer(`{"ok":1}`)).toBeUndefined();
});

test("the longest input fits into a line", () => {
  const base64 = Buffer.alloc(INPUT_BYTES_MAX).toString("base64");
  expect(encodeLine({ op: "input", base64 }).length).toBeLessThanOrEqual(LINE_BYTES_MAX);
});
