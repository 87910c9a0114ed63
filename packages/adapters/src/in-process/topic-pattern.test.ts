import { expect, test } from "vitest";
import { matchesTopic } from "./topic-pattern.ts";

test.each([
  ["status.#", "status.backup.5", true],
  ["status.#", "status", true],
  ["status.#", "statusx.backup", false],
  ["command.host.7.#", "command.host.7.session.start", true],
  ["command.host.7.#", "command.host.77.backup", false],
  ["a.*.c", "a.b.c", true],
  ["a.*.c", "a.c", false],
  ["#.c", "a.b.c", true],
  ["a.b", "a.b.c", false],
])("%s and %s: %s", (pattern, routingKey, matches) => {
  expect(matchesTopic(pattern, routingKey)).toBe(matches);
});
