// The real code of a host manager as a process of the simulation, from its start to its end in order.
import type { DescMethodUnary } from "@bufbuild/protobuf";
import { HostManagerAPI } from "@manman/contract/generated/manman/v1/host_manager_api_pb.ts";
import { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import {
  controlPlaneApiOver,
  type ControlPlaneApi,
} from "@manman/host-manager/control-plane-api.ts";
import type { GameRunner } from "@manman/host-manager/games/game-runner.ts";
import type { HostDisk } from "@manman/host-manager/host-disk.ts";
import { startHostManager } from "@manman/host-manager/host-manager.ts";
import type { Packer } from "@manman/host-manager/packer/packer-process.ts";
import { unlessAborted } from "@manman/host-manager/retry.ts";
import { simBus, type SimBus } from "./bus.ts";
import { unchanged } from "./defects/defect.ts";
import { simDisk } from "./disk.ts";
import { simRunner } from "./game-runner.ts";
import { simPacker } from "./packer.ts";
import type { Place } from "./place.ts";
import type { SimProcess } from "./process.ts";
import { simLog } from "./quiet-log.ts";
import type { SimWorld } from "./world.ts";

/** As `stop` of the host manager says, and the time that a look at the clock takes. */
const stopMsMax = 10_500;

/** Resolves once it has ended because it was asked to; rejects where it cannot go on. */
export async function runHost(world: SimWorld, place: Place, process: SimProcess): Promise<void> {
  const asked = new AbortController();
  place.end = () => asked.abort(new Error("asked to end"));
  const running = runUntilAsked(world, place, process, asked.signal);
  try {
    await unlessAborted(running, asked.signal);
  } catch (error) {
    if (!asked.signal.aborted) throw error;
    await world.endInTime(process, stopMsMax, async () => await running.catch(() => undefined));
  }
}

async function runUntilAsked(
  world: SimWorld,
  place: Place,
  process: SimProcess,
  signal: AbortSignal,
): Promise<void> {
  const { promises, defect } = world;
  const queueName = (): string => world.queueOf(place);
  const bus = simBus(process, world);
  place.bus = bus;
  const around = { process, side: world.databaseSide(), world };
  const hostManager = await startHostManager({
    config: {
      serverName: place.serverName,
      environment: "sim",
      hostDataDir: "/data",
      packersMax: 2,
      stopGraceSeconds: 10,
    },
    bus: (defect.hostBus ?? unchanged)(watchedBus(bus, world, queueName), around),
    api: apiOf(world, place, process),
    runner: (defect.runner ?? unchanged)(runnerOf(world, place, process), around),
    packer: packerOf(world, process, queueName),
    disk: (defect.disk ?? unchanged)(diskOf(world, place, process, queueName), around),
    clock: process.clock,
    random: process.chance.number,
    newId: () => world.newId(),
    log: simLog(process, world.trace, (why) => promises.broken.bug(why)),
    signal,
  });
  try {
    await unlessAborted(hostManager.ended, signal);
  } finally {
    await (defect.stopping ?? unchanged)(async () => await hostManager.stop(), around)();
  }
}

function runnerOf(world: SimWorld, place: Place, process: SimProcess): GameRunner {
  const { sessions } = world.promises;
  return simRunner(process, place.games, {
    time: world.time,
    livesMs: () => world.plan.gameLives(process.chance),
    watch: {
      onGameStarted: (sessionId, sgcId) => {
        world.trace.note("game started", `session ${sessionId} on ${place.name}`);
        sessions.onGameStarted(place.disk.instanceId ?? "", sessionId, sgcId, place.games.known);
      },
      onEndOrdered: (sessionId, sgcId) => {
        world.trace.note("game told to end", `session ${sessionId} on ${place.name}`);
        sessions.onEndOrdered(sessionId, sgcId);
      },
    },
  });
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
      place.isTurnedAway = false;
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
    onNoRoom: () => world.promises.hosts.onNoRoom(queueName()),
  });
}
