// Which host manager a server belongs to, and what the others are told.
import { expect, test } from "vitest";
import type { Server } from "./server.ts";
import { isDisowned, refuseInstance } from "./server-instance.ts";

const nowMs = 1_700_000_000_000;
const circumstances = { nowMs, hostOnlineMs: 30_000 };

function serverWith(fields: Partial<Server>): Server {
  return {
    serverId: 7n,
    name: "eu-1",
    environment: "dev",
    isDefault: false,
    lastSeenAtMs: nowMs - 4_000,
    instanceId: "recorded",
    formerInstanceId: null,
    hostProblem: "",
    ...fields,
  };
}

test.each([
  ["the one on record", {}, "recorded", false],
  ["another than the one on record", {}, "other", true],
  ["the first one", { instanceId: null }, "any", false],
  ["the next one after a takeover", { instanceId: null, formerInstanceId: "old" }, "new", false],
  ["the one that was taken over", { instanceId: null, formerInstanceId: "old" }, "old", true],
  ["the one that was replaced", { formerInstanceId: "old" }, "old", true],
  ["the replacement", { formerInstanceId: "old" }, "recorded", false],
])("a server and %s", (_who, fields, instanceId, refused) => {
  const server = serverWith(fields);
  expect(isDisowned(server, instanceId)).toBe(refused);
  expect(refuseInstance(server, instanceId, circumstances) !== null).toBe(refused);
});

test.each([
  [
    "a second host manager while the other one lives",
    {},
    "another host manager serves server eu-1 under this name, and was seen 4 s ago; " +
      "give this host another SERVER_NAME, or, to put it in the other's place, run `manman server takeover eu-1`",
  ],
  [
    "a host manager at the very end of the other's time",
    { lastSeenAtMs: nowMs - 30_000 },
    "another host manager serves server eu-1 under this name, and was seen 30 s ago; " +
      "give this host another SERVER_NAME, or, to put it in the other's place, run `manman server takeover eu-1`",
  ],
  [
    "a rebuilt host",
    { lastSeenAtMs: nowMs - 30_001 },
    "the journal of server eu-1's host manager is not there: this is a new or rebuilt host " +
      "(the one on record was last seen 30 s ago); to put it in the other's place, run `manman server takeover eu-1`",
  ],
  [
    "a rebuilt host after a long time",
    { lastSeenAtMs: nowMs - 3 * 86_400_000 },
    "the journal of server eu-1's host manager is not there: this is a new or rebuilt host " +
      "(the one on record was last seen 3 days ago); to put it in the other's place, run `manman server takeover eu-1`",
  ],
  [
    "the host manager that was taken over",
    { formerInstanceId: "other" },
    "server eu-1 was taken over from this host manager; " +
      "to let it serve again, run `manman server takeover eu-1 --readmit`",
  ],
  [
    "a host manager of a server whose name a shell would take apart",
    { name: "eu one", lastSeenAtMs: null },
    "the journal of server eu one's host manager is not there: this is a new or rebuilt host " +
      "(the one on record was never seen); to put it in the other's place, run `manman server takeover 7`",
  ],
])("%s is told what is the matter, and the way out", (_who, fields, why) => {
  expect(refuseInstance(serverWith(fields), "other", circumstances)).toEqual({
    kind: "failed-precondition",
    why,
    reason: "HOST_MANAGER_DISOWNED",
  });
});
