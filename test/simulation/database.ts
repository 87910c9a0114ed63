// The database of the simulation, and one process's way to it: the port Records over connections that can be lost, with commits whose
// outcome nobody hears of.
import { beginRelay, type Surroundings } from "@manman/adapters/in-memory/memory-outbox.ts";
import { memoryRecords } from "@manman/adapters/in-memory/memory-records.ts";
import type { OutboxVerdict, Records } from "@manman/core/ports.ts";
import type { Network } from "./network.ts";
import type { SimProcess } from "./process.ts";
import type { VirtualTime } from "./virtual-time.ts";

const statementMs = 5_500;
/** How long a transaction may stand still before the database ends it. */
const idleInTransactionMs = 60_000;

export type DatabaseSide = {
  readonly surroundings: Surroundings;
  readonly network: Network;
  readonly time: VirtualTime;
  /** After each step that may have changed something. */
  readonly onCommit: () => void;
};

export function simRecords(process: SimProcess, side: DatabaseSide): Records {
  const { surroundings, network, onCommit } = side;
  const records = memoryRecords(surroundings);
  /** The same methods, each carried out by the database. */
  const over = <Part extends object>(name: string, part: Part): Part => {
    const methods = Object.entries(part).map(([method, work]) => [
      method,
      async (...given: unknown[]) =>
        await network.call(process, "database", {
          what: `${name}.${method}`,
          waitMs: statementMs,
          ours: true,
          work: async () => {
            try {
              return await (work as (...all: unknown[]) => Promise<unknown>)(...given);
            } finally {
              onCommit();
            }
          },
        }),
    ]);
    // The same methods with the same types.
    return Object.fromEntries(methods) as Part;
  };
  return {
    installation: over("installation", records.installation),
    survey: over("survey", records.survey),
    servers: over("servers", records.servers),
    games: over("games", records.games),
    sessions: over("sessions", records.sessions),
    backups: over("backups", records.backups),
    outbox: {
      relay: async (limit, send) => await relay(process, side, limit, send),
      retryFor: over("outbox", {
        retryFor: async (id: bigint) => await records.outbox.retryFor(id),
      }).retryFor,
    },
    check: over("database", { check: async () => await records.check() }).check,
    close: async () => undefined,
  };
}

/** A transaction that stays open while the process publishes; it ends with the process, and when it stands still for too long. */
async function relay(
  process: SimProcess,
  { surroundings, network, time, onCommit }: DatabaseSide,
  limit: number,
  send: Parameters<Records["outbox"]["relay"]>[1],
): Promise<number> {
  const ask = async <T>(what: string, work: () => T): Promise<T> =>
    await network.call(process, "database", {
      what: `outbox.${what}`,
      waitMs: statementMs,
      ours: true,
      work: async () => {
        try {
          return work();
        } finally {
          onCommit();
        }
      },
    });
  const open = await ask("relay", () => {
    const begun = beginRelay(surroundings, limit);
    if (begun.messages.length === 0) begun.rollBack();
    else time.after(idleInTransactionMs, begun.rollBack);
    return begun;
  });
  if (open.messages.length === 0) return 0;
  const forget = process.onDeath(open.rollBack);
  let verdicts: readonly OutboxVerdict[];
  try {
    verdicts = await send(open.messages);
  } catch (error) {
    open.rollBack();
    forget();
    throw error;
  }
  try {
    await ask("settle", () => open.settle(verdicts));
  } finally {
    // The connection is given up together with a call that failed.
    open.rollBack();
    forget();
  }
  return open.messages.length;
}
