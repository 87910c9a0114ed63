// Planted defects, each of which breaks a promise that the simulation must notice. They wrap the ports of the simulated processes; the
// product has no switches for them.
import { Fault } from "@manman/core/fault.ts";
import type { BackupRecords, Bus, Delivery, Records, UploadControl } from "@manman/core/ports.ts";
import type { HostDisk } from "@manman/host-manager/host-disk.ts";
import { simRecords, type DatabaseSide } from "./database.ts";
import type { SimProcess } from "./process.ts";
import type { SimWorld } from "./world.ts";

type Around = {
  readonly process: SimProcess;
  readonly side: DatabaseSide;
  readonly world: SimWorld;
};

export type Defect = {
  /** What is wrong, in a sentence. */
  readonly says: string;
  readonly records?: (records: Records, around: Around) => Records;
  readonly controlPlaneBus?: (bus: Bus, around: Around) => Bus;
  readonly store?: (store: UploadControl, around: Around) => UploadControl;
  readonly hostBus?: (bus: Bus, around: Around) => Bus;
  readonly disk?: (disk: HostDisk, around: Around) => HostDisk;
};

export const defects = {
  "fencing removed": {
    says: "the uploads of attempts that are over are not aborted",
    store: (store) => ({ ...store, abortUpload: async () => undefined }),
  },
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
        takeDue: async (take) => await records.backups.takeDue({ ...take, expireLeases: true }),
      }),
  },
  "report acked before stored": {
    says: "the control plane acknowledges a report before the database has it",
    controlPlaneBus: (bus) => consuming(bus, "reports", acknowledgeFirst),
  },
  "stale report accepted": {
    says: "a report counts for whichever attempt is the present one",
    controlPlaneBus: (bus, { side }) =>
      consuming(bus, "reports", (handle) => async (delivery) => {
        const report = JSON.parse(Buffer.from(delivery.body).toString()) as Record<string, unknown>;
        const id = BigInt((report["backup_id"] as number | undefined) ?? 0);
        const present = side.surroundings.tables.backups.get(id)?.backup;
        if (present === undefined) return await handle(delivery);
        const body = JSON.stringify({ ...report, attempt: present.attempt });
        return await handle({ ...delivery, body: Buffer.from(body) });
      }),
  },
  "completed without inspecting": {
    says: "what the host reported is taken for what the store has",
    store: (store, { side }) => ({
      ...store,
      completeUpload: async (key, uploadId, parts) =>
        await store.completeUpload(key, uploadId, parts).catch((error: unknown) => {
          if (!(error instanceof Fault) || error.kind === "away") throw error;
        }),
      inspectObject: async (key) => {
        const rows = [...side.surroundings.tables.backups.values()];
        const report = rows.find(({ backup }) => backup.objectKey === key)?.backup.report;
        return report ? { sizeBytes: report.sizeBytes, etag: "believed" } : null;
      },
    }),
  },
  "upload shared by attempts": {
    says: "an attempt is given the upload of the attempt before it",
    store: (store, { world }) => ({
      ...store,
      openUpload: async (key) =>
        world.store.openUnder(key)[0]?.uploadId ?? (await store.openUpload(key)),
    }),
  },
  "completed with the parts of another attempt": {
    says: "whatever upload is open under the key is completed, with what parts it has",
    store: (store, { world }) => ({
      ...store,
      completeUpload: async (key, uploadId, parts) => {
        const other = world.store.openUnder(key).find((upload) => upload.uploadId !== uploadId);
        if (other === undefined) return await store.completeUpload(key, uploadId, parts);
        const found = [...other.parts].map(([number, { etag, bytes }]) => {
          return { number, etag, sizeBytes: bytes.byteLength };
        });
        await store.completeUpload(key, other.uploadId, found);
      },
      inspectObject: believingInspection(store, world),
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
  "deletion without a removal": {
    says: "a record becomes a tombstone while its object stays",
    store: (store) => ({ ...store, removeObject: async () => undefined }),
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
  "sweeping what is not known": {
    says: "every upload in the bucket is aborted when a backup ends",
    store: (store, { world }) => ({
      ...store,
      listUploads: async () =>
        [...world.store.uploads.values()].map(({ uploadId }) => ({ uploadId, initiatedAtMs: 0 })),
      abortUpload: async (_key, uploadId) =>
        await store.abortUpload(world.store.uploads.get(uploadId)?.objectKey ?? "", uploadId),
    }),
  },
} as const satisfies Record<string, Defect>;

/** The port as it is, where no defect wraps it. */
export function unchanged<T>(port: T): T {
  return port;
}

export type DefectName = keyof typeof defects;

type Handle = Parameters<Bus["consume"]>[2];

const acknowledgeFirst =
  (handle: Handle): Handle =>
  async (delivery: Delivery) => {
    void handle(delivery).catch(() => undefined);
    return { kind: "done" };
  };

function consuming(bus: Bus, queue: "host" | "reports", change: (handle: Handle) => Handle): Bus {
  return {
    ...bus,
    consume: async (source, prefetch, handle) =>
      await bus.consume(source, prefetch, source.queue === queue ? change(handle) : handle),
  };
}

function believingInspection(
  store: UploadControl,
  world: SimWorld,
): UploadControl["inspectObject"] {
  return async (key) => {
    const found = await store.inspectObject(key);
    const rows = [...world.tables.backups.values()];
    const report = rows.find(({ backup }) => backup.objectKey === key)?.backup.report;
    return found && report ? { ...found, sizeBytes: report.sizeBytes } : found;
  };
}

function withBackups(records: Records, changed: Partial<BackupRecords>): Records {
  return { ...records, backups: { ...records.backups, ...changed } };
}

/** The same database with another table in the place of one. */
function sideWith(
  side: DatabaseSide,
  other: Partial<DatabaseSide["surroundings"]["tables"]>,
): DatabaseSide {
  const tables = wrapped(side.surroundings.tables, other);
  return { ...side, surroundings: { ...side.surroundings, tables } };
}

/** The same object with other members in the place of some; what is written to the others is written to it. */
function wrapped<T extends object>(object: T, other: Partial<T>): T {
  return new Proxy(object, {
    get: (target, name) => {
      if (Object.hasOwn(other, name)) return other[name as keyof T];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}
