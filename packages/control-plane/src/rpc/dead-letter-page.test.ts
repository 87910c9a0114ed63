import type { DeadLetter } from "@manman/core/dead-letter.ts";
import { expect, test } from "vitest";
import { letterPage, letterToken, readLetterToken } from "./dead-letter-page.ts";

function letter(atMs: number, digit: string): DeadLetter {
  return {
    deadLetterId: digit.repeat(16),
    atMs,
    reason: "",
    routingKey: "k",
    queue: "q",
    messageId: "m",
    body: new Uint8Array(),
    bodySizeBytes: 0,
  };
}

const [a, b, c] = [letter(1, "a"), letter(1, "b"), letter(2, "0")];

test("pages follow one another without gap or repetition", () => {
  const first = letterPage([c, a, b], null, 2);
  expect(first).toEqual({ page: [a, b], nextPageToken: letterToken(b) });
  const place = readLetterToken(first.nextPageToken);
  expect(place).toEqual({ atMs: 1, deadLetterId: "b".repeat(16) });
  expect(letterPage([c, a, b], place ?? null, 2)).toEqual({ page: [c], nextPageToken: "" });
});

test("a page goes on after a letter that is gone", () => {
  expect(letterPage([a, c], b, 2)).toEqual({ page: [c], nextPageToken: "" });
});

test("what is no token is none", () => {
  const good = letterToken(a);
  for (const token of ["x", `${good}=`, ` ${good}`, Buffer.from("2.1.aa").toString("base64url")]) {
    expect(readLetterToken(token)).toBeUndefined();
  }
});
