// What a wait for the broker must not depend on.
import { Fault } from "@manman/core/fault.ts";
import type { Logger } from "pino";
import { expect, test } from "vitest";
import { OutgoingReports } from "./reports.ts";

test("a report that was put off goes out in its time although the machine's clock is set back", async () => {
  let elapsedMs = 5_000;
  let setBackMs = 0;
  const sentAtMs: number[] = [];
  const secondTime = Promise.withResolvers<void>();
  const reports = new OutgoingReports({
    bus: {
      publish: async () => {
        sentAtMs.push(elapsedMs);
        if (sentAtMs.length === 1) throw new Fault("away", "no broker");
        secondTime.resolve();
        return "routed";
      },
      onConnectionChange: () => undefined,
    },
    clock: {
      nowMs: () => 1_800_000_000_000 + elapsedMs - setBackMs,
      elapsedMs: () => elapsedMs,
      sleep: async (ms) => {
        setBackMs = 3_600_000;
        elapsedMs += ms;
        // Without a turn of the event loop between them, waits that never end would end nothing else either.
        await new Promise((resolve) => {
          setImmediate(resolve);
        });
      },
    },
    random: () => 0,
    log: { warn: () => undefined, debug: () => undefined } as unknown as Logger,
  });
  reports.send({ kind: "status.host", serverId: 7n, status: "online" });
  reports.start();
  await secondTime.promise;
  await reports.stop();
  expect(sentAtMs).toEqual([5_000, 5_100]);
});
