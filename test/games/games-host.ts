// One host for one test: a data directory, runners on it, and the certainty that nothing that was started there outlives the test.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { gameEnvironment } from "@manman/host-manager/games/game-environment.ts";
import type { FoundGame, GameLaunch } from "@manman/host-manager/games/game-runner.ts";
import { allProcesses, readProcess } from "@manman/host-manager/games/process-identity.ts";
import {
  ProcessRunner,
  type ProcessRunnerOptions,
} from "@manman/host-manager/games/process-runner.ts";

/** The parts of supervisor.json that tests read and tamper with. */
export interface SupervisorFile {
  bootId: string;
  supervisor: { pid: number; startTicks: number };
  game: { pid: number; startTicks: number; startedAtMs: number };
}

const ECHO_GAME = fileURLToPath(new URL("./echo-game.ts", import.meta.url));
const POLL_MS = 20;

export class GamesHost {
  readonly #root: string;
  readonly #runners: ProcessRunner[] = [];
  readonly #pids = new Set<number>();
  /** `{HOST_DATA_DIR}/.manman/sessions`. */
  readonly sessions: string;
  /** Where games run. */
  readonly world: string;

  private constructor(root: string, dataDirectory: string) {
    this.#root = root;
    this.sessions = join(dataDirectory, ".manman", "sessions");
    this.world = join(dataDirectory, "game");
  }

  static async make(...deep: string[]): Promise<GamesHost> {
    const root = await mkdtemp(join(tmpdir(), "games-"));
    const host = new GamesHost(root, join(root, ...deep));
    await mkdir(host.world, { recursive: true });
    return host;
  }

  /** A runner like the one of a host manager that has just come up. */
  runner(options: Partial<ProcessRunnerOptions> = {}): ProcessRunner {
    const runner = new ProcessRunner({
      sessionsDirectory: this.sessions,
      environment: gameEnvironment(process.env),
      nowMs: Date.now,
      onFault: (fault) => console.error(fault),
      ...options,
    });
    this.#runners.push(runner);
    return runner;
  }

  launch(sessionId: bigint, argv: string[] = this.echoGame()): GameLaunch {
    return { sessionId, sgcId: 42n, argv, env: {}, workingDirectory: this.world };
  }

  echoGame(...args: string[]): string[] {
    return [process.execPath, ECHO_GAME, ...args];
  }

  /** Ends this process, and its group if it leads one, with the test. */
  endLater(pid: number): void {
    if (Number.isSafeInteger(pid) && pid > 1) this.#pids.add(pid);
  }

  /** The recorded processes of a session, which are ended with the test. */
  async processes(sessionId: bigint): Promise<SupervisorFile> {
    const file = JSON.parse(await this.read(sessionId, "supervisor.json")) as SupervisorFile;
    this.endLater(file.supervisor.pid);
    if ("game" in file) this.endLater(file.game.pid);
    return file;
  }

  async tamper(sessionId: bigint, file: SupervisorFile): Promise<void> {
    await writeFile(
      join(this.sessions, String(sessionId), "supervisor.json"),
      JSON.stringify(file),
    );
  }

  /** A file of a session; empty when there is none. */
  async read(sessionId: bigint, name: string): Promise<string> {
    return await readFile(join(this.sessions, String(sessionId), name), "utf8").catch(() => "");
  }

  /** A file of the game; empty when there is none. */
  async readWorld(name: string): Promise<string> {
    return await readFile(join(this.world, name), "utf8").catch(() => "");
  }

  async logHolds(sessionId: bigint, text: string): Promise<void> {
    await until(`"${text}" in the log of session ${sessionId}`, async () =>
      (await this.read(sessionId, "game.log")).includes(text),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const names = await readdir(this.sessions).catch(() => []);
    for (const name of names.filter((each) => /^[0-9]+$/.test(each))) {
      await this.processes(BigInt(name)).catch(() => undefined);
    }
    for (const pid of this.#pids) {
      signal(-pid, "SIGKILL");
      signal(pid, "SIGKILL");
    }
    await Promise.all(this.#runners.map(async (runner) => await runner.close()));
    await rm(this.#root, { recursive: true, force: true, maxRetries: 20 });
  }
}

/** Waits until `holds`, at most 20 seconds. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not within 20 s: ${what}`);
    await sleep(POLL_MS);
  }
}

/**
 * Whether there was anything to send the signal to; a negative pid means a process group. Refuses what kill(2) takes for everybody
 * (-1), the own group (0) and the machine's first process: a test that reads a spoilt pid must not take the machine down with it.
 */
export function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  if (!Number.isSafeInteger(pid) || Math.abs(pid) <= 1) throw new Error(`no signal to pid ${pid}`);
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

/** Whether anything of the process group runs. Zombies do not: where nobody waits for orphans, they stay for ever. */
export function groupRuns(leader: number): boolean {
  return allProcesses().some((process) => process.alive && process.groupId === leader);
}

export function processRuns(pid: number): boolean {
  return readProcess(pid)?.alive ?? false;
}

/** What a listener hears, in order. */
export function heardBy(runner: ProcessRunner): FoundGame[] {
  const heard: FoundGame[] = [];
  runner.onChange((game) => heard.push(game));
  return heard;
}
