// WatchBackup: the event log of one backup as a stream, from any place in it, until the backup rests.
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { BackupEventSchema } from "@manman/contract/generated/manman/v1/backup_pb.ts";
import type { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import type { BackupEvent } from "@manman/core/backup/backup.ts";
import { endedBy } from "@manman/core/backup/lifecycle.ts";
import { Fault } from "@manman/core/fault.ts";
import { notFound } from "@manman/core/refusal.ts";
import { backupListMessage } from "./backup-message.ts";
import { numberOf, refusalFor, requiredId } from "./request-checks.ts";
import type { StreamingRpc } from "./rpc.ts";
import type { RpcNeeds } from "./rpc-needs.ts";
import { unixSeconds } from "./unix-seconds.ts";

/** How soon a change is told. */
const pollMs = 250;
const eventsAtATime = 100;
/** Each watch costs a look at the database every so often. */
const watchesMax = 1_000;

type Needs = Pick<RpcNeeds, "records" | "store" | "clock">;

export function watchBackup(needs: Needs): StreamingRpc<typeof ManManAPI.method.watchBackup> {
  let watches = 0;
  const counted = async function* (backupId: bigint, after: number, signal: AbortSignal) {
    watches += 1;
    try {
      yield* follow(backupId, after, signal, needs);
    } finally {
      watches -= 1;
    }
  };
  return async ({ backupId, afterSequence }, signal) => {
    const refusal = refusalFor(
      requiredId("backup_id", backupId),
      numberOf("after_sequence", afterSequence, 0, 2_147_483_647),
    );
    if (refusal !== null) return { refusal };
    if ((await needs.records.backups.get(backupId)) === null) {
      return { refusal: notFound("backup", backupId) };
    }
    if (watches >= watchesMax) throw new Fault("exhausted", `${watchesMax} watches are open`);
    return { responses: counted(backupId, afterSequence, signal) };
  };
}

async function* follow(
  backupId: bigint,
  afterSequence: number,
  signal: AbortSignal,
  { records, store, clock }: Needs,
) {
  const urlOf = (objectKey: string): string => store.urlOf(objectKey);
  let told = afterSequence;
  while (!signal.aborted) {
    const backup = await records.backups.get(backupId);
    if (backup === null) return;
    const events = await records.backups.events(backupId, told, eventsAtATime);
    for (const event of events) {
      told = event.sequence;
      yield {
        event: eventMessage(event),
        backup: backupListMessage(backup, { urlOf, waitingReason: "" }),
      };
    }
    if (events.length === eventsAtATime) continue;
    // The events are read after the record, and may already say more: that a backup which rested there is being deleted.
    if (endedBy(events.at(-1)?.to ?? backup.status) === null) return;
    if (events.length === 0) await clock.sleep(pollMs, signal);
  }
}

function eventMessage(event: BackupEvent): MessageInitShape<typeof BackupEventSchema> {
  return {
    sequence: event.sequence,
    at: unixSeconds(event.atMs),
    fromStatus: event.from ?? "",
    toStatus: event.to,
    attempt: event.attempt,
    who: event.who,
    why: event.why,
  };
}
