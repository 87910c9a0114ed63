// All that a host manager does under one server id: takes commands in, carries them out, and shows that it is alive.
import type { Bus, Consumption } from "@manman/core/ports.ts";
import type { Logger } from "pino";
import { BackupQueue } from "./backup-queue.ts";
import type { HostManagerConfig } from "./config.ts";
import type { ControlPlaneApi, HostIdentity } from "./control-plane-api.ts";
import type { GameRunner } from "./games/game-runner.ts";
import type { HostDisk } from "./host-disk.ts";
import { beat, type BeatEnd } from "./heartbeat.ts";
import { takeIn } from "./intake.ts";
import type { BackupJournal } from "./journal/backup-journal.ts";
import type { SessionJournal } from "./journal/session-journal.ts";
import type { Packer } from "./packer/packer-process.ts";
import type { OutgoingReports } from "./reports.ts";
import type { Reserve } from "./reserve.ts";
import { untilNotAway, type Patience } from "./retry.ts";
import { Room } from "./room.ts";
import { Sessions } from "./sessions.ts";

export type MembershipParts = {
  readonly config: HostManagerConfig;
  readonly bus: Bus;
  readonly api: ControlPlaneApi;
  readonly runner: GameRunner;
  readonly packer: Packer;
  readonly disk: HostDisk;
  readonly backups: BackupJournal;
  readonly sessions: SessionJournal;
  readonly reserve: Pick<Reserve, "requireRoom" | "shortage">;
  readonly reports: OutgoingReports;
  readonly log: Logger;
};

export type Membership = {
  readonly serverId: bigint;
  /** Resolves once it was left, or when the control plane does not know the server id any more or has given it to another. */
  readonly ended: Promise<BeatEnd>;
  /** Takes nothing in any more, ends the packers, and leaves what is not done in the journals. Games go on. */
  leave(): Promise<void>;
};

/** Order within the queue is kept only one message at a time; a command is soon in the journal. */
const prefetch = 1;

/** Resolves once commands are taken in. What the journals hold is worked on at once, whether the broker is there or not. */
export async function join(
  parts: MembershipParts,
  host: HostIdentity,
  patience: Patience,
): Promise<Membership> {
  const { config, bus, api, reports, log } = parts;
  const left = new AbortController();
  const lasting = { ...patience, signal: AbortSignal.any([patience.signal, left.signal]) };
  const common = { ...config, ...host, host, reports, patience, log };
  const sessions = new Sessions({
    ...common,
    runner: parts.runner,
    journal: parts.sessions,
    shortage: async () => await parts.reserve.shortage(),
    makeDirectory: parts.disk.makeDirectory,
  });
  const room = new Room(parts.reserve);
  const queue = new BackupQueue({ ...common, api, packer: parts.packer, journal: parts.backups });
  let consumption: Consumption | undefined;
  sessions.start();
  queue.start();
  const ended = beat(
    {
      api,
      host,
      held: () => queue.held(),
      hostProblem: () => room.lastKnown(),
      drop: async (attempt, reason) => await queue.drop(attempt, reason),
      log,
    },
    lasting,
  );
  const leave = async (): Promise<void> => {
    left.abort(new Error("the host manager leaves"));
    await Promise.all([consumption?.close(), queue.stop(), sessions.stop(), room.idle(), ended]);
  };
  const intake = {
    journal: parts.backups,
    onBackup: () => queue.wake(),
    onSession: sessions.accept.bind(sessions),
    hostProblem: async () => await room.problem(),
    log,
  };
  try {
    consumption = await untilNotAway(
      async () => {
        await bus.declareHostQueue(host.serverId);
        return await bus.consume(
          { queue: "host", serverId: host.serverId },
          prefetch,
          async (delivery) => await takeIn(intake, delivery),
        );
      },
      lasting,
      log,
      "cannot take commands in",
    );
  } catch (error) {
    await leave();
    throw error;
  }
  reports.send({ kind: "status.host", serverId: host.serverId, status: "online" });
  return { serverId: host.serverId, ended, leave };
}
