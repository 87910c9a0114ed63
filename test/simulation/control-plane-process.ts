// The real code of a control plane as a process of the simulation, from its start to its end in order.
import { HostManagerAPI } from "@manman/contract/generated/manman/v1/host_manager_api_pb.ts";
import { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import { startControlPlane, type ControlPlaneConfig } from "@manman/control-plane/control-plane.ts";
import type { Serving } from "@manman/control-plane/serve.ts";
import { simBus } from "./bus.ts";
import { simRecords } from "./database.ts";
import { unchanged } from "./defects/defect.ts";
import type { Place } from "./place.ts";
import { heartbeatMs, limits } from "./plan.ts";
import type { SimProcess } from "./process.ts";
import { simLog } from "./quiet-log.ts";
import { Served } from "./rpc.ts";
import { surveyLimits } from "./survey-findings.ts";
import type { SimWorld } from "./world.ts";

/** As `stop` of the control plane says, and the time that a look at the clock takes. */
const stopMsMax = 8_500;

const config: ControlPlaneConfig = {
  listenHost: "sim",
  port: 0,
  token: null,
  heartbeatMs,
  limits,
  survey: surveyLimits,
  adoptBucket: null,
};

/** Resolves once it has ended because it was asked to. */
export async function runControlPlane(
  world: SimWorld,
  place: Place,
  process: SimProcess,
): Promise<void> {
  const { time, promises, defect } = world;
  const asked = Promise.withResolvers<void>();
  place.end = asked.resolve;
  const side = world.databaseSide();
  const around = { process, side, world };
  const bus = simBus(process, world);
  place.bus = bus;
  const controlPlane = await startControlPlane(
    {
      config,
      records: (defect.records ?? unchanged)(simRecords(process, side), around),
      bus: (defect.controlPlaneBus ?? unchanged)(bus, around),
      store: (defect.store ?? unchanged)(world.storeOf(process), around),
      listing: world.storeOf(process),
      clock: process.clock,
      afterTurn: (start) => void time.after(0, () => process.enter(start)),
      random: process.chance.number,
      log: simLog(process, world.trace, (why) => promises.broken.bug(why)),
    },
    async (apis) => serveTo(world, process, apis),
  );
  await Promise.race([asked.promise, controlPlane.refused]);
  await world.endInTime(process, stopMsMax, async () => {
    await (defect.stopping ?? unchanged)(controlPlane.stop, around)();
  });
}

function serveTo(
  world: SimWorld,
  process: SimProcess,
  apis: { readonly manManApi: object; readonly hostManagerApi: object },
): Serving {
  const served = new Served(process, {
    ...named(ManManAPI, apis.manManApi),
    ...named(HostManagerAPI, apis.hostManagerApi),
  });
  world.served.push(served);
  return {
    address: process.name,
    setServing: () => undefined,
    stop: async (graceMs) => {
      world.withdraw(process);
      await served.end(graceMs);
    },
  };
}

/** Methods of the two services that have one name are told apart by the service. */
function named({ typeName }: { readonly typeName: string }, handlers: object): Served["handlers"] {
  return Object.fromEntries(
    Object.entries(handlers).map(([name, handler]) => [`${typeName}/${name}`, handler]),
  );
}
