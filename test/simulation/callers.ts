// The callers of the simulation: they ask for backups, ask again under the same request id when they hear nothing, watch them, call some
// off and delete some, and start and stop games.
import type { WatchBackupResponse } from "@manman/contract/generated/manman/v1/backup_pb.ts";
import { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import { GrpcError } from "@manman/contract/grpc-error.ts";
import { insist, mayPass } from "./patience.ts";
import type { SimProcess } from "./process.ts";
import type { CallControlPlane } from "./rpc.ts";
import { readStream } from "./rpc-stream.ts";
import type { SimWorld } from "./world.ts";

const { cancelBackup, createBackup, deleteBackup, getBackup, startSession, stopSession } =
  ManManAPI.method;

export type Caller = { readonly isBusy: () => boolean };

type Target = { readonly sessionId: bigint } | { readonly serverGameConfigId: bigint };

/** One caller, with what it has made so far. */
type Calling = {
  readonly world: SimWorld;
  readonly name: string;
  readonly process: SimProcess;
  readonly call: CallControlPlane;
  readonly sgcIds: readonly bigint[];
  readonly made: bigint[];
  readonly sessions: bigint[];
  requests: number;
};

export function startCaller(
  world: SimWorld,
  name: string,
  wishes: {
    readonly sgcIds: readonly bigint[];
    readonly everyMs: number;
    readonly untilMs: number;
  },
): Caller {
  const { process, call } = world.caller(name);
  const { chance, clock } = process;
  const { sgcIds } = wishes;
  const calling = { world, name, process, call, sgcIds, made: [], sessions: [], requests: 0 };
  let busy = 0;
  void (async () => {
    while (clock.elapsedMs() < wishes.untilMs) {
      await clock.sleep(chance.between(0, 2 * wishes.everyMs));
      busy += 1;
      const done = wish(calling).finally(() => {
        busy -= 1;
      });
      if (chance.happens(0.5)) await done;
    }
  })();
  return { isBusy: () => busy > 0 || clock.elapsedMs() < wishes.untilMs };
}

async function wish(calling: Calling): Promise<void> {
  const { chance } = calling.process;
  const { made, sessions } = calling;
  const recent = made.at(-chance.whole(1, Math.min(2, made.length)));
  const roll = chance.number();
  if (roll < 0.15 && made.length > 0) return await remove(calling, chance.pick(made));
  if (roll < 0.25 && recent !== undefined) return await callOff(calling, recent);
  if (roll < 0.35 && recent !== undefined) return await watch(calling, recent);
  if (roll < 0.5) return await startGame(calling, chance.pick(calling.sgcIds));
  if (roll < 0.6 && sessions.length > 0) return await stopGame(calling, chance.pick(sessions));
  await makeBackup(calling);
}

async function makeBackup(calling: Calling): Promise<void> {
  const { name, sessions, sgcIds } = calling;
  const { chance } = calling.process;
  calling.requests += 1;
  const requestId = `${name}-${calling.requests}`;
  const target =
    sessions.length > 0 && chance.happens(0.3)
      ? { sessionId: chance.pick(sessions) }
      : { serverGameConfigId: chance.pick(sgcIds) };
  const asked = [ask(calling, requestId, target)];
  // Impatient ones do not wait for the first answer.
  if (chance.happens(0.2)) asked.push(ask(calling, requestId, target));
  await Promise.all(asked);
}

async function ask(calling: Calling, requestId: string, target: Target): Promise<void> {
  const { process, call, world } = calling;
  const { promises, trace } = world;
  const request = { ...target, requestId };
  const answer = await insist(process, process.chance.whole(1, 8), async () => {
    const isRepeat = promises.database.hasMade(requestId);
    return await call(createBackup, request).catch((error: unknown) => {
      if (!mayPass(error) && isRepeat) promises.callers.onRepeatRefused(requestId);
      throw error;
    });
  });
  const backupId = answer?.backup?.backupId;
  if (backupId === undefined) return;
  calling.made.push(backupId);
  trace.note("acknowledged to a caller", `${requestId}: backup ${backupId}`);
  promises.callers.onRequestAcknowledged(requestId, backupId);
}

async function callOff({ process, call, world }: Calling, backupId: bigint): Promise<void> {
  const answer = await insist(process, process.chance.whole(1, 4), async () => {
    return await call(cancelBackup, { backupId });
  });
  if (answer !== undefined) world.promises.callers.onCancellationAcknowledged(backupId);
}

async function remove({ process, call, world }: Calling, backupId: bigint): Promise<void> {
  const answer = await insist(process, process.chance.whole(1, 4), async () => {
    return await call(deleteBackup, { backupId });
  });
  if (answer !== undefined) world.promises.callers.onDeletionAcknowledged(backupId);
  await insist(process, 1, async () => await call(getBackup, { backupId }));
}

/** Watches until the backup has ended, and goes on after each cut with the last event that it saw. */
async function watch({ process, world }: Calling, backupId: bigint): Promise<void> {
  const { watches } = world.promises;
  const { chance, clock } = process;
  let seen = 0;
  for (;;) {
    const request = { backupId, afterSequence: seen };
    const reading = {
      leaveMs: chance.spread(300, 120_000),
      onMessage: ({ event }: WatchBackupResponse) => {
        if (event === undefined) return;
        watches.onEvent(backupId, seen, event);
        seen = event.sequence;
      },
    };
    try {
      const end = await readStream(process, world, ManManAPI.method.watchBackup, request, reading);
      if (end === "ended") return watches.onEnd(backupId, seen);
    } catch (error) {
      if (!mayPass(error)) return watches.onRefused(backupId, (error as GrpcError).message);
    }
    await clock.sleep(chance.spread(100, 8_000));
  }
}

async function startGame(calling: Calling, serverGameConfigId: bigint): Promise<void> {
  const { process, call, world } = calling;
  const { sessions } = world.promises;
  const force = process.chance.happens(0.3);
  if (force) sessions.onForceAsked(serverGameConfigId);
  const answer = await insist(process, 3, async () => {
    return await call(startSession, { serverGameConfigId, force });
  });
  if (answer?.session === undefined) return;
  calling.sessions.push(answer.session.sessionId);
  sessions.onStartAcknowledged(answer.session.sessionId);
}

async function stopGame({ process, call, world }: Calling, sessionId: bigint): Promise<void> {
  const { sessions } = world.promises;
  sessions.onStopAsked(sessionId);
  const answer = await insist(process, process.chance.whole(1, 4), async () => {
    return await call(stopSession, { sessionId });
  });
  if (answer !== undefined) sessions.onStopAcknowledged(sessionId);
}
