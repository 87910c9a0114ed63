// The operator of the simulation: puts host managers in the place of others where people want that, ends the sessions of machines that
// are gone, and deals with dead letters.
import { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import { insist } from "./patience.ts";
import type { SimProcess } from "./process.ts";
import type { CallControlPlane } from "./rpc.ts";
import type { SimWorld } from "./world.ts";

const { dropDeadLetter, listDeadLetters, replayDeadLetter, stopSession, takeOverServer } =
  ManManAPI.method;

type Means = {
  readonly world: SimWorld;
  readonly process: SimProcess;
  readonly call: CallControlPlane;
};

/** Looks after dead letters until then, and after the rest for ever. */
export function startOperator(world: SimWorld, lettersUntilMs: number): void {
  const means = { world, ...world.caller("operator") };
  const { clock, chance } = means.process;
  void (async () => {
    for (;;) {
      await clock.sleep(chance.between(5_000, 40_000));
      await settleServers(means);
      if (clock.elapsedMs() >= lettersUntilMs) await endLostSessions(means);
      else await dealWithLetters(means);
    }
  })();
}

async function settleServers({ world, process, call }: Means): Promise<void> {
  for (const [name, wanted] of world.contested) {
    if (!wanted.isTurnedAway) continue;
    const server = [...world.tables.servers.values()].find((one) => one.name === name);
    if (server === undefined) continue;
    const { serverId } = server;
    // Its log tells a host manager that was here before what lets it back.
    const readmit = server.formerInstanceId === wanted.disk.instanceId;
    world.promises.servers.onTakeOverAsked(serverId);
    const answer = await insist(process, 1, async () => {
      return await call(takeOverServer, { name, readmit });
    });
    world.trace.note("take over", `${name} for ${wanted.name}: ${answer ? "done" : "no answer"}`);
    if (answer !== undefined) world.promises.servers.onTakeOverAcknowledged(serverId);
  }
}

/** What a machine ran that was replaced, its successor knows nothing of. */
async function endLostSessions({ world, process, call }: Means): Promise<void> {
  for (const { sessionId, serverId, status } of world.tables.sessions.values()) {
    const place = world.serverIds.get(serverId);
    if (place === undefined || !world.isContested(place)) continue;
    if (["stopped", "crashed", "completed"].includes(status)) continue;
    world.promises.sessions.onStopAsked(sessionId);
    await insist(process, 1, async () => await call(stopSession, { sessionId }));
  }
}

async function dealWithLetters({ world, process, call }: Means): Promise<void> {
  const { chance } = process;
  const listed = await insist(process, 2, async () => await call(listDeadLetters, {}));
  for (const { deadLetterId, messageId } of listed?.deadLetters ?? []) {
    const roll = chance.number();
    if (roll < 0.1) {
      world.promises.letters.onDropAsked(messageId);
      await insist(process, 2, async () => await call(dropDeadLetter, { deadLetterId }));
    } else if (roll < 0.7) {
      await insist(process, 2, async () => await call(replayDeadLetter, { deadLetterId }));
    }
  }
}
