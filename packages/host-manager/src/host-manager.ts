// Puts the host manager together and takes it apart: state on disk first, then the control plane and the broker, however long they are
// away. Nothing here ever ends a game.
import type { Bus, Clock } from "@manman/core/ports.ts";
import type { Logger } from "pino";
import type { HostManagerConfig } from "./config.ts";
import { Disowned, type ControlPlaneApi } from "./control-plane-api.ts";
import type { DataDirLock } from "./data-dir-lock.ts";
import type { GameRunner } from "./games/game-runner.ts";
import { fileDisk, type HostDisk } from "./host-disk.ts";
import { BackupJournal } from "./journal/backup-journal.ts";
import { SessionJournal } from "./journal/session-journal.ts";
import { join, type Membership } from "./membership.ts";
import type { Packer } from "./packer/packer-process.ts";
import { register } from "./registration.ts";
import { OutgoingReports } from "./reports.ts";
import type { Reserve } from "./reserve.ts";
import { stateDirOf } from "./state-dir.ts";

export type HostManagerParts = {
  readonly config: HostManagerConfig;
  /** These four are the caller's: they are used from now on, and closed by whoever opened them, after `stop`. */
  readonly bus: Bus;
  readonly api: ControlPlaneApi;
  readonly runner: GameRunner;
  readonly packer: Packer;
  /** Default: this machine's. */
  readonly disk?: HostDisk;
  /** Numbers in [0, 1), for the spread of waits. */
  readonly random: () => number;
  /** Gives a new UUID. */
  readonly newId: () => string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Calls the start off, which then rejects with the signal's reason; a host manager that has started is ended by `stop`. */
  readonly signal?: AbortSignal;
};

export type HostManager = {
  /** The id that the control plane knows this host by. */
  readonly serverId: bigint;
  /** Rejects when the host manager cannot go on, with the reason; resolves once it was stopped. */
  readonly ended: Promise<void>;
  /**
   * Takes nothing in any more, ends the packers, says what can still be said, and unlocks the data directory; within 10 seconds. What is not
   * done stays in the journal for the next start. Games go on.
   */
  stop(): Promise<void>;
};

const stopMs = 10_000;

/**
 * Resolves once commands are taken in, waiting for a control plane or a broker that is away. Throws a Fault when waiting does not help:
 * another host manager has the data directory, or the control plane refuses the name, the environment or this host manager.
 */
export async function startHostManager(parts: HostManagerParts): Promise<HostManager> {
  const { config, api, clock, log, disk = fileDisk } = parts;
  const stopping = new AbortController();
  const signals = parts.signal === undefined ? [] : [parts.signal];
  const patience = { ...parts, signal: AbortSignal.any([...signals, stopping.signal]) };
  const state = await openState(parts, disk);
  const { lock, instanceId } = state;
  const reports = new OutgoingReports(parts);
  const joinAsRegistered = async (): Promise<Membership> => {
    const { serverName: name, environment } = config;
    const serverId = await register(api, { name, environment, instanceId }, patience, log);
    return await join({ ...parts, ...state, disk, reports }, { serverId, instanceId }, patience);
  };
  let member: Membership;
  try {
    reports.start();
    member = await joinAsRegistered();
  } catch (error) {
    await reports.stop();
    lock.release();
    throw error;
  }
  const stay = async (): Promise<void> => {
    try {
      for (;;) {
        const end = await member.ended;
        if (end === "stopped") return;
        // Whatever goes on here has no one left to report to: the packers end now, and the journal stays for whoever settles it.
        if (end !== "unknown-server") throw end;
        log.error({ server_id: member.serverId }, "the control plane does not know this server");
        await member.leave();
        member = await joinAsRegistered();
      }
    } catch (error) {
      if (!patience.signal.aborted) throw error;
    }
  };
  const ended = stay();
  const takeLeave = async (): Promise<void> => {
    await member.leave();
    // Whoever waits for `ended` hears what went wrong.
    await ended.catch(() => undefined);
    if (!((await member.ended) instanceof Disowned)) {
      reports.send({ kind: "status.host", serverId: member.serverId, status: "offline" });
    }
    await reports.stop();
  };
  const stop = async (): Promise<void> => {
    stopping.abort(new Error("the host manager stops"));
    const left = new AbortController();
    await Promise.race([takeLeave(), clock.sleep(stopMs, left.signal)]);
    left.abort();
    lock.release();
  };
  let stopped: Promise<void> | undefined;
  return { serverId: member.serverId, ended, stop: async () => await (stopped ??= stop()) };
}

type OpenState = {
  readonly lock: DataDirLock;
  readonly reserve: Pick<Reserve, "spend" | "requireRoom" | "shortage">;
  readonly instanceId: string;
  readonly backups: BackupJournal;
  readonly sessions: SessionJournal;
};

async function openState(parts: HostManagerParts, disk: HostDisk): Promise<OpenState> {
  const { config, clock, newId, log } = parts;
  const state = stateDirOf(config.hostDataDir);
  const lock = await disk.lock(state);
  try {
    const reserve = await disk.openReserve(state, log);
    const { spend } = reserve;
    return {
      lock,
      reserve,
      instanceId: await spend(async () => await disk.instanceId(state, newId)),
      backups: await BackupJournal.open(state.backups, clock, log, spend, disk.openFolder),
      sessions: await SessionJournal.open(state.commands, state.games, log, spend, disk.openFolder),
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}
