// A host's disk in the simulation: what was written survives the host manager; what was being written when it died may or may not be there.
import type { HostDisk } from "@manman/host-manager/host-disk.ts";
import type { JournalFiles } from "@manman/host-manager/journal/journal-folder.ts";
import { Fault } from "@manman/core/fault.ts";
import type { SimProcess } from "./process.ts";
import type { VirtualTime } from "./virtual-time.ts";

export type DiskContent = {
  instanceId: string | null;
  /** By path of the folder, by name. */
  readonly folders: Map<string, Map<string, string>>;
  /** Nothing can be written. */
  isFull: boolean;
  lockedBy: SimProcess | null;
};

export function emptyDisk(): DiskContent {
  return { instanceId: null, folders: new Map(), isFull: false, lockedBy: null };
}

export function simDisk(
  process: SimProcess,
  content: DiskContent,
  time: VirtualTime,
  {
    onWritten,
    onCarriedOut,
    onNoRoom,
  }: {
    readonly onWritten: (text: string) => void;
    /** Told when something was done and the process has not heard of it yet. */
    readonly onCarriedOut: () => void;
    /** Told when the process hears that there is no room for new work. */
    readonly onNoRoom: () => void;
  },
): HostDisk {
  const onDisk = async <T>(what: string, work: () => T): Promise<T> =>
    await new Promise<T>((resolve, reject) => {
      time.after(process.chance.between(0.1, 4), () => {
        // A write that was on its way when the process died may have reached the disk.
        if (process.isDead && process.chance.happens(0.5)) return;
        try {
          const value = work();
          onCarriedOut();
          time.after(process.chance.between(0, 2), () => process.enter(() => resolve(value)));
        } catch (error) {
          process.enter(() => reject(new Fault("away", what, error)));
        }
      });
    });
  const write = async (what: string, work: () => void): Promise<void> =>
    await onDisk(what, () => {
      if (content.isFull) throw new Error("no space is left");
      work();
    });
  return {
    lock: async () => {
      if (content.lockedBy !== null && !content.lockedBy.isDead) {
        throw new Fault("rejected", "another host manager has the state directory");
      }
      content.lockedBy = process;
      return {
        release: () => {
          if (content.lockedBy === process) content.lockedBy = null;
        },
      };
    },
    instanceId: async (_state, newId) =>
      await onDisk("read the instance id", () => (content.instanceId ??= newId())),
    openReserve: async () => ({
      spend: async (work) => await work(),
      requireRoom: async () => {
        if (!content.isFull) return;
        onNoRoom();
        throw new Fault("away", "no room for new work: the disk is full");
      },
      shortage: async () => (content.isFull ? "the disk is full" : ""),
    }),
    openFolder: async (path): Promise<JournalFiles> => {
      const files = content.folders.get(path) ?? new Map<string, string>();
      content.folders.set(path, files);
      return {
        readAll: async () =>
          await onDisk(`read ${path}`, () => [...files].map(([name, text]) => ({ name, text }))),
        write: async (name, value) =>
          await write(`write ${path}/${name}`, () => {
            const text = JSON.stringify(value);
            files.set(name, text);
            onWritten(text);
          }),
        remove: async (name) =>
          await write(`remove ${path}/${name}`, () => {
            files.delete(name);
          }),
        setAside: async (name) =>
          await onDisk(`set aside ${path}/${name}`, () => {
            files.delete(name);
            return `${path}/broken/${name}`;
          }),
      };
    },
    makeDirectory: async (path) => await onDisk(`make ${path}`, () => undefined),
  };
}
