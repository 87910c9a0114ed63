// Ports with one thing changed about them.
import type { BackupRecords, Bus, Delivery, Records } from "@manman/core/ports.ts";
import type { DatabaseSide } from "../database.ts";

export type Handle = Parameters<Bus["consume"]>[2];

export const acknowledgeFirst =
  (handle: Handle): Handle =>
  async (delivery: Delivery) => {
    void handle(delivery).catch(() => undefined);
    return { kind: "done" };
  };

export const throwPoisonAway =
  (handle: Handle): Handle =>
  async (delivery: Delivery) => {
    await handle(delivery);
    return { kind: "done" };
  };

export function consuming(
  bus: Bus,
  queue: "host" | "reports",
  change: (handle: Handle) => Handle,
): Bus {
  return {
    ...bus,
    consume: async (source, prefetch, handle) =>
      await bus.consume(source, prefetch, source.queue === queue ? change(handle) : handle),
  };
}

export function withBackups(records: Records, changed: Partial<BackupRecords>): Records {
  return { ...records, backups: { ...records.backups, ...changed } };
}

/** The same database with another table in the place of one. */
export function sideWith(
  side: DatabaseSide,
  other: Partial<DatabaseSide["surroundings"]["tables"]>,
): DatabaseSide {
  const tables = wrapped(side.surroundings.tables, other);
  return { ...side, surroundings: { ...side.surroundings, tables } };
}

/** The same object with other members in the place of some; what is written to the others is written to it. */
export function wrapped<T extends object>(object: T, other: Partial<T>): T {
  return new Proxy(object, {
    get: (target, name) => {
      if (Object.hasOwn(other, name)) return other[name as keyof T];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}
