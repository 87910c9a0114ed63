// Where the state of each session lies, and how it is read and written: `{sessions}/{sessionId}/`, open to its owner only, so that
// nobody else can reach a game's control socket or read the secrets in its environment.
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { createDurably, readIfPresent, syncDirectory, writeDurably } from "./durable-file.ts";
import { reserveFileIn, spendingReserve } from "../reserve-file.ts";
import type { GameLaunch } from "./game-runner.ts";
import {
  decodeExit,
  decodeSpec,
  decodeSupervisor,
  encodeRecord,
  type ExitRecord,
  type SpecRecord,
  type SupervisorRecord,
} from "./session-records.ts";

/** The Unix socket on which a supervisor listens. */
export const CONTROL_SOCKET = "control.sock";
/** The named pipe that is the game's standard input. */
export const STDIN_PIPE = "stdin.pipe";
/** What the game writes to its standard output and error. */
export const GAME_LOG = "game.log";
/** What a supervisor says when it breaks down. */
export const SUPERVISOR_LOG = "supervisor.log";

/** Sessions that were let go of are kept for their logs, the last of them first. */
const ENDED = "ended";
const ENDED_KEPT_MAX = 16;

/** The files of one session. */
export class SessionDirectory {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  file(name: string): string {
    return join(this.path, name);
  }

  /** Undefined before the intent to start it was recorded. */
  async readSpec(): Promise<SpecRecord | undefined> {
    return await this.#read("spec.json", decodeSpec);
  }

  async readSupervisor(): Promise<SupervisorRecord | undefined> {
    return await this.#read("supervisor.json", decodeSupervisor);
  }

  async readExit(): Promise<ExitRecord | undefined> {
    return await this.#read("exit.json", decodeExit);
  }

  /** Records the intent. What was recorded before stays. */
  async recordSpec(launch: GameLaunch): Promise<void> {
    await mkdir(this.path, { recursive: true, mode: 0o700 });
    await syncDirectory(join(this.path, ".."));
    await createDurably(this.file("spec.json"), encodeRecord(launch));
  }

  /** Claims the session: true for exactly one caller ever. */
  async claim(record: SupervisorRecord): Promise<boolean> {
    return await createDurably(this.file("supervisor.json"), encodeRecord(record));
  }

  /** For the owner of the claim. */
  async recordGame(record: SupervisorRecord): Promise<void> {
    await writeDurably(this.file("supervisor.json"), encodeRecord(record));
  }

  /** Records the end, unless one is recorded already: the first one stands. On a full disk, at the cost of the host manager's reserve. */
  async recordExit(record: ExitRecord): Promise<void> {
    const stateDir = join(this.path, "..", "..");
    await spendingReserve(reserveFileIn(stateDir), async () => {
      await createDurably(this.file("exit.json"), encodeRecord(record));
    });
  }

  async #read<Record>(
    name: string,
    decode: (file: string, text: string) => Record,
  ): Promise<Record | undefined> {
    const file = this.file(name);
    const text = await readIfPresent(file);
    return text === undefined ? undefined : decode(file, text);
  }
}

/** The directory of all sessions of a host. */
export class SessionDirectories {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  of(sessionId: bigint): SessionDirectory {
    return new SessionDirectory(join(this.#path, String(sessionId)));
  }

  /** Where Node keeps the compiled code of supervisors. */
  get compileCache(): string {
    return join(this.#path, "compile-cache");
  }

  /** The sessions that have a directory, in order. */
  async list(): Promise<bigint[]> {
    await mkdir(this.#path, { recursive: true, mode: 0o700 });
    const names = await readdir(this.#path);
    return names
      .filter((name) => /^[0-9]+$/.test(name))
      .map(BigInt)
      .toSorted((a, b) => (a < b ? -1 : 1));
  }

  /** Moves a session aside in one step, and removes the oldest of those that were moved before. */
  async retire(sessionId: bigint): Promise<void> {
    const ended = join(this.#path, ENDED);
    await mkdir(ended, { recursive: true, mode: 0o700 });
    await rm(join(ended, String(sessionId)), { recursive: true, force: true });
    await rename(this.of(sessionId).path, join(ended, String(sessionId)));
    await syncDirectory(this.#path);
    await removeOldest(ended);
  }
}

async function removeOldest(ended: string): Promise<void> {
  const sessions = await Promise.all(
    (await readdir(ended)).map(async (name) => {
      const path = join(ended, name);
      return { path, changedAtMs: (await stat(path)).ctimeMs };
    }),
  );
  const newestFirst = sessions.toSorted((a, b) => b.changedAtMs - a.changedAtMs);
  for (const { path } of newestFirst.slice(ENDED_KEPT_MAX)) {
    await rm(path, { recursive: true, force: true });
  }
}
