// The callers of the simulation: they ask for backups, ask again under the same request id when they hear nothing, and delete some.
import { status } from "@grpc/grpc-js";
import { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import { GrpcError } from "@manman/contract/grpc-error.ts";
import type { SimProcess } from "./process.ts";
import type { SimWorld } from "./world.ts";

const { cancelBackup, createBackup, deleteBackup, getBackup, startSession } = ManManAPI.method;

/** Callers try again after these; any other answer is one. */
const passing = [status.UNAVAILABLE, status.DEADLINE_EXCEEDED, status.RESOURCE_EXHAUSTED];

export type Caller = { readonly isBusy: () => boolean };

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
  let busy = 0;
  let requests = 0;
  const made: bigint[] = [];
  const sessions: bigint[] = [];

  const wish = async (): Promise<void> => {
    const roll = chance.number();
    if (roll < 0.2 && made.length > 0) {
      await remove(chance.pick(made));
    } else if (roll < 0.3 && made.length > 0) {
      await callOff(made.at(-chance.whole(1, Math.min(2, made.length))) ?? 0n);
    } else if (roll < 0.4) {
      const started = { serverGameConfigId: chance.pick(wishes.sgcIds) };
      const answer = await insist(process, 3, async () => await call(startSession, started));
      if (answer?.session !== undefined) sessions.push(answer.session.sessionId);
    } else {
      requests += 1;
      const requestId = `${name}-${requests}`;
      const target =
        sessions.length > 0 && chance.happens(0.3)
          ? { sessionId: chance.pick(sessions) }
          : { serverGameConfigId: chance.pick(wishes.sgcIds) };
      const asked = [ask(requestId, target)];
      // Impatient ones do not wait for the first answer.
      if (chance.happens(0.2)) asked.push(ask(requestId, target));
      await Promise.all(asked);
    }
  };
  const ask = async (
    requestId: string,
    target: { readonly sessionId: bigint } | { readonly serverGameConfigId: bigint },
  ): Promise<void> => {
    const request = { ...target, requestId };
    const answer = await insist(process, chance.whole(1, 8), async () => {
      const isRepeat = world.promises.database.hasMade(requestId);
      return await call(createBackup, request).catch((error: unknown) => {
        const isRefusal = error instanceof GrpcError && !passing.includes(error.code);
        if (isRefusal && isRepeat) world.promises.callers.onRepeatRefused(requestId);
        throw error;
      });
    });
    const backupId = answer?.backup?.backupId;
    if (backupId === undefined) return;
    made.push(backupId);
    world.trace.note("acknowledged to a caller", `${requestId}: backup ${backupId}`);
    world.promises.callers.onRequestAcknowledged(requestId, backupId);
  };
  const callOff = async (backupId: bigint): Promise<void> => {
    const answer = await insist(process, chance.whole(1, 4), async () => {
      return await call(cancelBackup, { backupId });
    });
    if (answer !== undefined) world.promises.callers.onCancellationAcknowledged(backupId);
  };
  const remove = async (backupId: bigint): Promise<void> => {
    const answer = await insist(process, chance.whole(1, 4), async () => {
      return await call(deleteBackup, { backupId });
    });
    if (answer !== undefined) world.promises.callers.onDeletionAcknowledged(backupId);
    await insist(process, 1, async () => await call(getBackup, { backupId }));
  };

  void (async () => {
    while (clock.elapsedMs() < wishes.untilMs) {
      await clock.sleep(chance.between(0, 2 * wishes.everyMs));
      busy += 1;
      const done = wish().finally(() => {
        busy -= 1;
      });
      if (chance.happens(0.5)) await done;
    }
  })();
  return { isBusy: () => busy > 0 || clock.elapsedMs() < wishes.untilMs };
}

/** The answer; undefined for a refusal, or when the caller has had enough. */
async function insist<T>(
  { clock, chance }: SimProcess,
  triesMax: number,
  work: () => Promise<T>,
): Promise<T | undefined> {
  for (let tries = 1; tries <= triesMax; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof GrpcError)) throw error;
      if (error.code === status.INTERNAL) throw error;
      if (!passing.includes(error.code)) return undefined;
      await clock.sleep(chance.spread(300, 8_000));
    }
  }
  return undefined;
}
