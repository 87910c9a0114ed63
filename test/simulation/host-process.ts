// The real code of a host manager as a process of the simulation.
import type { DescMethodUnary } from "@bufbuild/protobuf";
import { hostQueue } from "@manman/contract/bus/topology.ts";
import { HostManagerAPI } from "@manman/contract/generated/manman/v1/host_manager_api_pb.ts";
import { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import { wordsOf } from "@manman/core/fault.ts";
import {
  controlPlaneApiOver,
  type ControlPlaneApi,
} from "@manman/host-manager/control-plane-api.ts";
import type { HostDisk } from "@manman/host-manager/host-disk.ts";
import { startHostManager } from "@manman/host-manager/host-manager.ts";
import type { Packer } from "@manman/host-manager/packer/packer-process.ts";
import { simBus, type SimBus } from "./bus.ts";
import { unchanged } from "./defects.ts";
import { simDisk } from "./disk.ts";
import { simRunner } from "./game-runner.ts";
import { simPacker } from "./packer.ts";
import type { Place } from "./place.ts";
import type { SimProcess } from "./process.ts";
import { simLog } from "./quiet-log.ts";
import type { SimWorld } from "./world.ts";

export async function runHost(world: SimWorld, place: Place, process: SimProcess): Promise<void> {
  const { promises, defect } = world;
  const queueName = (): string => queueOf(world, place);
  const bus = simBus(process, world);
  place.bus = bus;
  const around = { process, side: world.databaseSide(), world };
  const hostManager = await startHostManager({
    config: {
      serverName: place.name,
      environment: "sim",
      hostDataDir: "/data",
      packersMax: 2,
      stopGraceSeconds: 10,
    },
    bus: (defect.hostBus ?? unchanged)(watchedBus(bus, world, queueName), around),
    api: apiOf(world, place, process),
    runner: simRunner(place.games, (sessionId) => promises.hosts.onGameStopped(sessionId)),
    packer: packerOf(world, process, queueName),
    disk: (defect.disk ?? unchanged)(diskOf(world, place, process, queueName), around),
    clock: process.clock,
    random: process.chance.number,
    newId: () => world.newId(),
    log: simLog(process, world.trace, (why) => promises.broken.bug(why)),
  });
  hostManager.ended.catch((error: unknown) => {
    if (!process.isDead) promises.broken.bug(`${place.name} cannot go on: ${wordsOf(error)}`);
  });
}

/** The queue of the server that the place is; empty before it has one. */
function queueOf({ serverIds }: SimWorld, place: Place): string {
  for (const [serverId, at] of serverIds) if (at === place) return hostQueue(serverId).name;
  return "";
}

function apiOf(world: SimWorld, place: Place, process: SimProcess): ControlPlaneApi {
  const call = world.callsOf(process);
  const over = (methods: object): object =>
    Object.fromEntries([
      ["close", () => undefined],
      ...Object.values(methods).map((method: DescMethodUnary) => [
        method.localName,
        async (request: Record<string, unknown>) => await call(method, request),
      ]),
    ]);
  const api = controlPlaneApiOver(
    // The tables cover every method of the descriptors, which the type system cannot follow.
    over(ManManAPI.method) as Parameters<typeof controlPlaneApiOver>[0],
    over(HostManagerAPI.method) as Parameters<typeof controlPlaneApiOver>[1],
  );
  return {
    ...api,
    register: async (host) => {
      const serverId = await api.register(host);
      world.serverIds.set(serverId, place);
      return serverId;
    },
  };
}

function watchedBus(bus: SimBus, { promises }: SimWorld, queueName: () => string): SimBus {
  return {
    ...bus,
    publish: async (message) => {
      promises.hosts.onReport(message, queueName());
      return await bus.publish(message);
    },
  };
}

function packerOf(world: SimWorld, process: SimProcess, queueName: () => string): Packer {
  const { time, trace, plan } = world;
  const { hosts } = world.promises;
  return simPacker(process, {
    time,
    senderFor: (packing) => world.storeOf(packing),
    failing: plan.packingFails,
    partMsMax: plan.partMsMax,
    alive: world.packers,
    watch: {
      onBegin: (run) => {
        trace.note("packing", `${run.process.name} for ${run.order.uploadId}`);
        hosts.onPackBegin(run, queueName());
      },
      onPacked: (run, sha256, parts) => hosts.onPacked(run, sha256, parts),
      onFailed: (run) => hosts.onPackFailed(run),
      onEnd: (run) => {
        trace.note("packed", run.process.name);
        hosts.onPackEnd(run);
      },
    },
  });
}

function diskOf(
  world: SimWorld,
  place: Place,
  process: SimProcess,
  queueName: () => string,
): HostDisk {
  return simDisk(process, place.disk, world.time, {
    onWritten: (text) => world.promises.hosts.onJournal(queueName(), text),
    onCarriedOut: () => world.network.carriedOut(process),
  });
}
