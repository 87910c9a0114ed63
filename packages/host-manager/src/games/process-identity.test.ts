import { expect, test } from "vitest";
import { parseProcessStat } from "./process-identity.ts";

test("a program's name may hold blanks, parentheses and what looks like fields", () => {
  const stat =
    "4242 (a) S 1 (b R) S 1 4242 4241 0 -1 4194560 120 0 0 0 1 2 0 0 20 0 1 0 987654 1000 200 18446744073709551615 1 1\n";

  expect(parseProcessStat(stat)).toEqual({
    pid: 4242,
    alive: true,
    groupId: 4242,
    unixSessionId: 4241,
    startTicks: 987_654,
  });
});

test("a zombie is not alive", () => {
  expect(parseProcessStat("7 (game) Z 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 55 0 0").alive).toBe(
    false,
  );
});
