// A host manager with its surroundings in one process: in-process bus, folder store, and doubles for the rest.
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { openFolderStore } from "@manman/adapters/filesystem/folder-store.ts";
import {
  defaultInProcessLimits,
  openInProcessBus,
} from "@manman/adapters/in-process/in-process-bus.ts";
import { systemClock } from "@manman/adapters/platform/system-clock.ts";
import { encodeCommand, type Command } from "@manman/contract/bus/commands.ts";
import { routingKey } from "@manman/contract/bus/routing-keys.ts";
import type { Bus } from "@manman/core/ports.ts";
import { startHostManager, type HostManager } from "@manman/host-manager/host-manager.ts";
import { onTestFinished } from "vitest";
import { controlPlaneDouble } from "./control-plane-double.ts";
import { scratchDirectory } from "./game-world.ts";
import { packerDouble } from "./packer-double.ts";
import { recordedLog } from "./recorded-log.ts";
import { RunnerDouble } from "./runner-double.ts";

const serverId = 7n;

export type Hosting = Awaited<ReturnType<typeof hosting>>;

export async function hosting() {
  const scratch = await scratchDirectory();
  const hostDataDir = join(scratch, "data");
  const root = join(scratch, "bucket");
  const store = await openFolderStore({ root, nowMs: Date.now, newId: randomUUID });
  const bus = openInProcessBus(
    { random: Math.random, nowMs: Date.now },
    {
      ...defaultInProcessLimits,
      publishMs: 500,
      redelivery: { firstMs: 10, mostMs: 20 },
    },
  );
  const controlPlane = controlPlaneDouble(store, serverId);
  const packer = packerDouble();
  const runner = new RunnerDouble();
  const { log, lines } = recordedLog();
  const started: HostManager[] = [];
  onTestFinished(async () => {
    for (const hostManager of started) await hostManager.stop();
    await bus.close();
  });

  /** Starts a host manager; `parts` take the place of the usual ones. */
  const start = async (
    parts: Partial<Parameters<typeof startHostManager>[0]> = {},
  ): Promise<HostManager> => {
    const config = {
      serverName: "host-a",
      environment: "test",
      hostDataDir,
      packersMax: 2,
      stopGraceSeconds: 30,
    };
    const usual = { config, bus, api: controlPlane, runner, packer, clock: systemClock, log };
    const chance = { random: () => 0, newId: randomUUID };
    const hostManager = await startHostManager({ ...usual, ...chance, ...parts });
    started.push(hostManager);
    return hostManager;
  };

  /** Resolves once the host manager has taken the command, or has refused it for good. */
  const send = async (command: Command): Promise<string> => {
    const message = {
      routingKey: routingKey(command.kind, serverId),
      messageId: randomUUID(),
      body: encodeCommand(command),
    };
    return await bus.publish(message);
  };

  const statuses = (): string[] =>
    controlPlane.reports.flatMap((report) =>
      report.kind === "status.backup"
        ? [`backup ${report.backupId}/${report.attempt} ${report.status}`]
        : report.kind === "status.session"
          ? [`session ${report.sessionId} ${report.status}`]
          : [],
    );

  return {
    hostDataDir,
    journal: join(hostDataDir, ".manman", "journal"),
    root,
    store,
    bus,
    controlPlane,
    packer,
    runner,
    log,
    lines,
    start,
    send,
    statuses,
  };
}

/** The bus with some of its calls replaced. */
export function busWith(bus: Bus, calls: Partial<Bus>): Bus {
  return { ...bus, ...calls };
}
