// The host's disk as the host manager uses it: the state of its own that must outlive it, and the directories that games run in.
import { mkdir } from "node:fs/promises";
import type { Logger } from "pino";
import { lockDataDir, type DataDirLock } from "./data-dir-lock.ts";
import { openJournalFolder, type OpenJournalFolder } from "./journal/journal-folder.ts";
import { Reserve } from "./reserve.ts";
import { instanceIdIn, makeStateDir, type StateDir } from "./state-dir.ts";

export type HostDisk = {
  /** Keeps every other host manager off the state directory, which is made unless it exists. Throws a Fault where it is taken. */
  readonly lock: (state: StateDir) => Promise<DataDirLock>;
  /** The name under which this installation claims attempts: `newId` at its first start, the same ever after. */
  readonly instanceId: (state: StateDir, newId: () => string) => Promise<string>;
  /** Takes the space that is kept for the journal. */
  readonly openReserve: (
    state: StateDir,
    log: Logger,
  ) => Promise<Pick<Reserve, "spend" | "requireRoom" | "shortage">>;
  readonly openFolder: OpenJournalFolder;
  /** Makes a directory with those above it; one that exists is left as it is. */
  readonly makeDirectory: (path: string) => Promise<void>;
};

/** The disk of this machine. */
export const fileDisk: HostDisk = {
  lock: async (state) => {
    await makeStateDir(state);
    return lockDataDir(state.root);
  },
  instanceId: instanceIdIn,
  openReserve: async (state, log) => await Reserve.open(state.root, log),
  openFolder: openJournalFolder,
  makeDirectory: async (path) => {
    await mkdir(path, { recursive: true });
  },
};
