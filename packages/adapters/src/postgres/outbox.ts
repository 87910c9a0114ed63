// Gives the commands that were committed to whoever publishes them, and forgets each only when that has succeeded.
import { wordsOf } from "@manman/core/fault.ts";
import type { Outbox, OutboxMessage, OutboxVerdict } from "@manman/core/ports.ts";
import { sql, type Kysely, type Transaction } from "kysely";
import { messageColumns, messageOf, type MessageRow } from "./command-columns.ts";
import { withFaults } from "./faults.ts";
import type { Tables } from "./rows.ts";
import { storableText } from "./storable-text.ts";

export function outbox(db: Kysely<Tables>): Outbox {
  return {
    relay: async (limit, send) =>
      await withFaults("relay commands", async () => await relay(db, limit, send)),

    retryFor: async (serverId) => {
      await withFaults(
        `retry commands for server ${serverId}`,
        async () => await retryFor(db, serverId),
      );
    },
  };
}

type Settled = { readonly outboxId: bigint; readonly verdict: OutboxVerdict };

/** The locks hide the rows from other relays until the transaction ends, however it ends. */
async function relay(
  db: Kysely<Tables>,
  limit: number,
  send: Parameters<Outbox["relay"]>[1],
): Promise<number> {
  return await db.transaction().execute(async (transaction) => {
    const rows = await transaction
      .selectFrom("outbox")
      .select(messageColumns)
      .where(sql<boolean>`due_at <= now()`)
      .orderBy("due_at")
      .orderBy("outbox_id")
      .limit(limit)
      .forUpdate()
      .skipLocked()
      .execute();
    const { messages, unwritable } = written(rows);
    const verdicts = messages.length === 0 ? [] : await send(messages);
    if (verdicts.length !== messages.length) {
      throw new Error(`${verdicts.length} verdicts on ${messages.length} messages`);
    }
    const settled = messages.map(({ outboxId }, place) => ({
      outboxId,
      verdict: verdicts[place] as OutboxVerdict,
    }));
    await settle(transaction, [...settled, ...unwritable]);
    return messages.length;
  });
}

/** A command that another release committed and that this one cannot write waits for one that can; the others go on. */
const unwritableWaitMs = 60_000;

function written(rows: readonly MessageRow[]): {
  readonly messages: readonly OutboxMessage[];
  readonly unwritable: readonly Settled[];
} {
  const messages: OutboxMessage[] = [];
  const unwritable: Settled[] = [];
  for (const row of rows) {
    try {
      messages.push({ ...messageOf(row), outboxId: row.outbox_id, tries: row.tries });
    } catch (error) {
      const verdict = {
        kind: "put-off",
        waitMs: unwritableWaitMs,
        reason: wordsOf(error),
      } as const;
      unwritable.push({ outboxId: row.outbox_id, verdict });
    }
  }
  return { messages, unwritable };
}

async function settle(
  transaction: Transaction<Tables>,
  settled: readonly Settled[],
): Promise<void> {
  const sentIds: bigint[] = [];
  const putOff = { ids: [] as bigint[], waitsMs: [] as number[], reasons: [] as string[] };
  for (const { outboxId, verdict } of settled) {
    if (verdict.kind === "sent") {
      sentIds.push(outboxId);
    } else {
      putOff.ids.push(outboxId);
      putOff.waitsMs.push(verdict.waitMs);
      putOff.reasons.push(storableText(verdict.reason));
    }
  }
  if (sentIds.length > 0) {
    await sql`delete from outbox where outbox_id = any(${sentIds}::bigint[])`.execute(transaction);
  }
  if (putOff.ids.length === 0) return;
  await sql`
    update outbox set
      tries = tries + 1,
      due_at = clock_timestamp() + interval '1 millisecond'
        * (${putOff.waitsMs}::double precision[])[array_position(${putOff.ids}::bigint[], outbox_id)],
      last_error = (${putOff.reasons}::text[])[array_position(${putOff.ids}::bigint[], outbox_id)]
    where outbox_id = any(${putOff.ids}::bigint[])
  `.execute(transaction);
}

/**
 * Due again since their birth, so that they come in their old order and before what is newer. Messages that a relay has in hand are
 * left to it: waiting for it would hold up a host that registers for as long as the broker is slow.
 */
async function retryFor(db: Kysely<Tables>, serverId: bigint): Promise<void> {
  await sql`
    with waiting as materialized (
      select outbox_id from outbox
      where server_id = ${serverId} and tries > 0 and due_at > now()
      for update skip locked
    )
    update outbox set due_at = created_at
    where outbox_id = any(array(select outbox_id from waiting))
  `.execute(db);
}
