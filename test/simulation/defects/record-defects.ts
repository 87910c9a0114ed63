// What could be wrong with the records, or with how they are used.
import { takeOverExpired } from "@manman/core/backup/take-over.ts";
import { simRecords } from "../database.ts";
import { limits } from "../plan.ts";
import type { Defect } from "./defect.ts";
import { sideWith, withBackups, wrapped } from "./wrapping.ts";

export const recordDefects = {
  "outbox outside the transaction": {
    says: "the command of a new backup is written after the commit of its record",
    records: (records, { process, side }) => {
      const late: typeof side.surroundings.tables.outbox = new Map();
      const split = simRecords(process, sideWith(side, { outbox: late }));
      return withBackups(records, {
        create: async (births, redispatchMs) => {
          const made = await split.backups.create(births, redispatchMs);
          for (const [id, row] of late) side.surroundings.tables.outbox.set(id, row);
          late.clear();
          return made;
        },
      });
    },
  },
  "lease by the process's clock": {
    says: "leases are judged by the clock of whoever asks, not by the database's",
    records: (_records, { process, side }) =>
      simRecords(process, {
        ...side,
        surroundings: { ...side.surroundings, nowMs: process.clock.nowMs },
      }),
  },
  "expiry after our own outage": {
    says: "leases that ran out while we were away are taken for the hosts' silence",
    records: (records) =>
      withBackups(records, {
        extendLeases: async () => undefined,
        takeDue: async (take) => {
          const due = await records.backups.takeDue({ ...take, expireLeases: true });
          // At once, since whoever takes them asks once more whether leases may be judged.
          for (const { backup } of due) {
            await records.backups.change(backup.backupId, (present, nowMs) =>
              takeOverExpired(present, { nowMs, chance: 0, limits }),
            );
          }
          return due;
        },
      }),
  },
  "deletion without a look at the state": {
    says: "a backup that is under way can be deleted",
    records: (records) =>
      withBackups(records, {
        change: async (backupId, rule) =>
          await records.backups.change(backupId, (backup, nowMs) => {
            const decision = rule(backup, nowMs);
            if (decision.kind !== "refuse") return decision;
            const fields = { status: "deleting", dueAtMs: nowMs, finishedAtMs: nowMs } as const;
            const next = { ...backup, ...fields, statusSinceMs: nowMs };
            return { kind: "change", backup: next, who: "caller", why: "asked for" };
          }),
      }),
  },
  "lock not released": {
    says: "the operation lock outlives its operation",
    records: (_records, { process, side }) => {
      const { operations } = side.surroundings.tables;
      return simRecords(
        process,
        sideWith(side, { operations: wrapped(operations, { delete: () => false }) }),
      );
    },
  },
  "request id ignored": {
    says: "a repeated request is taken for a new one",
    records: (records) =>
      withBackups(records, {
        situations: async (requests) =>
          await records.backups.situations(
            requests.map((request) => ({ ...request, requestId: null })),
          ),
      }),
  },
  "leftover dropped while the store is away": {
    says: "what could not be cleared away at once is forgotten",
    records: (records) =>
      withBackups(records, {
        putOffLeftover: async (leftoverId) => await records.backups.dropLeftover(leftoverId),
      }),
  },
  "late uploads not looked for": {
    says: "the uploads of an ended backup are looked for once only",
    records: (records) =>
      withBackups(records, {
        takeLeftovers: async (limit, holdMs) =>
          (await records.backups.takeLeftovers(limit, holdMs)).map((leftover) => {
            return { ...leftover, ageMs: Infinity };
          }),
      }),
  },
  "takeover leaves what ran": {
    says: "a server is given to another host manager, and the attempts of the one before stay as they are",
    records: (records) => withBackups(records, { runningUnderOthers: async () => [] }),
  },
  "rival let in": {
    says: "a host manager that is refused takes the server by itself",
    records: (records) => ({
      ...records,
      servers: {
        ...records.servers,
        register: async (host, hostOnlineMs) => {
          const answer = await records.servers.register(host, hostOnlineMs);
          const server = await records.servers.getByName(host.name);
          if (!("kind" in answer) || server === null) return answer;
          await records.servers.forgetInstance(server.serverId, true);
          return await records.servers.register(host, hostOnlineMs);
        },
      },
    }),
  },
  "watch goes on one event too late": {
    says: "a watcher that comes back is not told the event after the last one that it saw",
    records: (records) =>
      withBackups(records, {
        events: async (backupId, after, limit) =>
          await records.backups.events(backupId, after === 0 ? 0 : after + 1, limit),
      }),
  },
} as const satisfies Record<string, Defect>;
