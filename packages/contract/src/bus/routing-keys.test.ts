// The routing keys against those that the wire contract shows.
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  hostCommandsPattern,
  messageKinds,
  parseRoutingKey,
  reportPatterns,
  routingKey,
  type MessageKind,
} from "./routing-keys.ts";

const keysOfSeven: [MessageKind, string][] = [
  ["backup", "command.host.7.backup"],
  ["session.start", "command.host.7.session.start"],
  ["session.stop", "command.host.7.session.stop"],
  ["session.kill", "command.host.7.session.kill"],
  ["session.send_input", "command.host.7.session.send_input"],
  ["status.backup", "status.backup.7"],
  ["status.session", "status.session.7"],
  ["status.host", "status.host.7"],
  ["health.host", "health.host.7"],
];

test.each(keysOfSeven)("%s travels under %s", (kind, key) => {
  expect(routingKey(kind, 7n)).toBe(key);
  expect(parseRoutingKey(key)).toEqual({ kind, id: 7n });
});

test("the table of the test names every kind", () => {
  expect(keysOfSeven.map(([kind]) => kind)).toEqual(messageKinds);
});

test.each([
  "",
  "command.host.7",
  "command.host..backup",
  "command.host.0.backup",
  "command.host.07.backup",
  "command.host.-7.backup",
  "command.host.7.backup.now",
  "command.host.7.8.backup",
  "command.host.7.session.pause",
  "status.backup.",
  "status.backup.x",
  "status.backup.5.6",
  "status.backup.9007199254740992",
  "health.backup.5",
])("%j is none of ours", (key) => {
  expect(parseRoutingKey(key)).toBeUndefined();
});

test("the longest id survives", () => {
  expect(parseRoutingKey("status.backup.9007199254740991")).toEqual({
    kind: "status.backup",
    id: 9_007_199_254_740_991n,
  });
});

test("what is built is taken apart into the same", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...messageKinds),
      fc.bigInt({ min: 1n, max: BigInt(Number.MAX_SAFE_INTEGER) }),
      (kind, id) => {
        expect(parseRoutingKey(routingKey(kind, id))).toEqual({ kind, id });
      },
    ),
  );
});

test("the queues are bound by patterns", () => {
  expect(hostCommandsPattern(7n)).toBe("command.host.7.#");
  expect(reportPatterns).toEqual(["status.#", "health.#"]);
});
