// Planted defects, each of which breaks a promise that the simulation must notice. They wrap the ports of the processes; the product has no
// switches for them.
import type { Bus, Records, UploadControl } from "@manman/core/ports.ts";
import type { ControlPlaneApi } from "@manman/host-manager/control-plane-api.ts";
import type { HostDisk } from "@manman/host-manager/host-disk.ts";
import type { DatabaseSide } from "./database.ts";
import type { SimProcess } from "./process.ts";
import type { SimWorld } from "./world.ts";

export type Around = {
  readonly process: SimProcess;
  readonly side: DatabaseSide;
  readonly world: SimWorld;
};

export type Defect = {
  readonly records: (records: Records, around: Around) => Records;
  readonly controlPlaneBus: (bus: Bus, around: Around) => Bus;
  readonly store: (store: UploadControl, around: Around) => UploadControl;
  readonly hostBus: (bus: Bus, around: Around) => Bus;
  readonly api: (api: ControlPlaneApi, around: Around) => ControlPlaneApi;
  readonly disk: (disk: HostDisk, around: Around) => HostDisk;
};

export const noDefect: Defect = {
  records: (records) => records,
  controlPlaneBus: (bus) => bus,
  store: (store) => store,
  hostBus: (bus) => bus,
  api: (api) => api,
  disk: (disk) => disk,
};
