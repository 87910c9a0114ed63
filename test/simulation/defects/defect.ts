// What a planted defect is: a wrapper around the ports of the simulated processes. The product has no switches for them.
import type { Bus, Records, UploadControl } from "@manman/core/ports.ts";
import type { GameRunner } from "@manman/host-manager/games/game-runner.ts";
import type { HostDisk } from "@manman/host-manager/host-disk.ts";
import type { DatabaseSide } from "../database.ts";
import type { SimProcess } from "../process.ts";
import type { SimWorld } from "../world.ts";

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
  /** How a process ends when it is asked to. */
  readonly stopping?: (stop: () => Promise<void>, around: Around) => () => Promise<void>;
  readonly runner?: (runner: GameRunner, around: Around) => GameRunner;
  readonly disk?: (disk: HostDisk, around: Around) => HostDisk;
};

/** The port as it is, where no defect wraps it. */
export function unchanged<T>(port: T): T {
  return port;
}
