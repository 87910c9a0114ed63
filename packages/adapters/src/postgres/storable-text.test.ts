// What PostgreSQL cannot hold is replaced, and nothing else.
import { expect, test } from "vitest";
import { storableJson, storableText } from "./storable-text.ts";

test.each([
  ["plain", "plain"],
  ["ünïcode 🎮\n\t\u0001", "ünïcode 🎮\n\t\u0001"],
  ["a\0b", "a\ufffdb"],
  [
    "half \ud83c of a pair, \udfae the other way round",
    "half \ufffd of a pair, \ufffd the other way round",
  ],
])("%j is stored as %j", (text, stored) => {
  expect(storableText(text)).toBe(stored);
});

test("texts within JSON are stored alike, and null is no JSON", () => {
  const value = { warnings: ["a\0", "b\ud800"], deep: [{ name: "\0" }], count: 3, none: null };
  expect(storableJson(value)).toBe(
    '{"warnings":["a\ufffd","b\ufffd"],"deep":[{"name":"\ufffd"}],"count":3,"none":null}',
  );
  expect(storableJson(null)).toBeNull();
});
