// The real code of a control plane as a process of the simulation.
import { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import { HostManagerAPI } from "@manman/contract/generated/manman/v1/host_manager_api_pb.ts";
import { startControlPlane } from "@manman/control-plane/control-plane.ts";
import type { Serving } from "@manman/control-plane/serve.ts";
import { simBus } from "./bus.ts";
import { simRecords } from "./database.ts";
import { unchanged } from "./defects.ts";
import type { Place } from "./place.ts";
import { heartbeatMs, limits } from "./plan.ts";
import type { SimProcess } from "./process.ts";
import { simLog } from "./quiet-log.ts";
import type { Served } from "./rpc.ts";
import type { SimWorld } from "./world.ts";

export async function runControlPlane(
  world: SimWorld,
  place: Place,
  process: SimProcess,
): Promise<void> {
  const { time, promises, defect } = world;
  const side = world.databaseSide();
  const around = { process, side, world };
  const bus = simBus(process, world);
  place.bus = bus;
  const serve = async (apis: {
    readonly manManApi: object;
    readonly hostManagerApi: object;
  }): Promise<Serving> => {
    world.served.push({
      process,
      handlers: {
        ...named(ManManAPI, apis.manManApi),
        ...named(HostManagerAPI, apis.hostManagerApi),
      },
    });
    return { address: place.name, setServing: () => undefined, stop: async () => undefined };
  };
  await startControlPlane(
    {
      config: { listenHost: "sim", port: 0, token: null, heartbeatMs, limits, adoptBucket: null },
      records: (defect.records ?? unchanged)(simRecords(process, side), around),
      bus: (defect.controlPlaneBus ?? unchanged)(bus, around),
      store: (defect.store ?? unchanged)(world.storeOf(process), around),
      clock: process.clock,
      afterTurn: (start) => void time.after(0, () => process.enter(start)),
      random: process.chance.number,
      log: simLog(process, world.trace, (why) => promises.broken.bug(why)),
    },
    serve,
  );
}

/** Methods of the two services that have one name are told apart by the service. */
function named({ typeName }: { readonly typeName: string }, handlers: object): Served["handlers"] {
  return Object.fromEntries(
    Object.entries(handlers).map(([name, handler]) => [`${typeName}/${name}`, handler]),
  );
}
