import { expect, test } from "vitest";
import { bytesText, spanText, timeText } from "./quantities.ts";

test.each([
  [0n, "0 B"],
  [999n, "999 B"],
  [1_000n, "1.0 KB"],
  [414_200_000n, "414.2 MB"],
  [5_497_558_138_880n, "5.5 TB"],
])("%d bytes read %s", (bytes, text) => {
  expect(bytesText(bytes)).toBe(text);
});

test("times are UTC to the second, and empty where unset", () => {
  expect(timeText(1_795_000_000n)).toBe("2026-11-18 11:06:40Z");
  expect(timeText(0n)).toBe("");
});

test.each([
  [0, "0 s"],
  [59.6, "1 m 0 s"],
  [125, "2 m 5 s"],
  [7_260, "2 h 1 m"],
])("%d seconds read %s", (seconds, text) => {
  expect(spanText(seconds)).toBe(text);
});
