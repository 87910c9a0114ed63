// What could be wrong with a host manager.
import type { Defect } from "./defect.ts";
import { acknowledgeFirst, consuming, throwPoisonAway, wrapped } from "./wrapping.ts";

export const hostDefects = {
  "ack before journal": {
    says: "the host acknowledges a command before it is on disk",
    hostBus: (bus) => consuming(bus, "host", acknowledgeFirst),
  },
  "journal not on disk": {
    says: "the journal says that it has written before it has",
    disk: (disk, { process }) => ({
      ...disk,
      openFolder: async (path) => {
        const folder = await disk.openFolder(path);
        const write: typeof folder.write = async (name, content) => {
          void process.clock.sleep(3_000).then(async () => await folder.write(name, content));
        };
        return wrapped(folder, { write });
      },
    }),
  },
  "report not journalled": {
    says: "a report is sent before the journal knows that the work was done",
    disk: (disk) => ({
      ...disk,
      openFolder: async (path) => {
        const folder = await disk.openFolder(path);
        const write: typeof folder.write = async (name, content) => {
          if (!("report" in (content as object))) await folder.write(name, content);
        };
        return wrapped(folder, { write });
      },
    }),
  },
  "report dropped while the broker is away": {
    says: "the host takes a report for sent whatever the broker says",
    hostBus: (bus) => ({
      ...bus,
      publish: async (message) => await bus.publish(message).catch(() => "routed" as const),
    }),
  },
  "end that waits": {
    says: "a process that is asked to end takes its time",
    stopping:
      (stop, { process }) =>
      async () => {
        await stop();
        await process.clock.sleep(12_000);
      },
  },
  "found games ended": {
    says: "a host manager that starts clears away the games that it finds",
    runner: (runner) => {
      void runner.find().then(async (games) => {
        await Promise.all(games.map(async ({ sessionId }) => await runner.kill(sessionId)));
      });
      return runner;
    },
  },
  "session command dropped as done": {
    says: "a host takes the command to stop a game for one that it has carried out",
    hostBus: (bus) =>
      consuming(bus, "host", (handle) => async (delivery) => {
        const isStop = delivery.routingKey.endsWith(".session.stop");
        return isStop ? { kind: "done" } : await handle(delivery);
      }),
  },
  "poison thrown away": {
    says: "a message that nobody can use is acknowledged and gone",
    hostBus: (bus) => consuming(bus, "host", throwPoisonAway),
    controlPlaneBus: (bus) => consuming(bus, "reports", throwPoisonAway),
  },
} as const satisfies Record<string, Defect>;
