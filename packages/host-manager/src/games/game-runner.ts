// The port through which a host runs games. A game outlives the host manager that started it, whatever runs it underneath.

/** One game to be started. */
export interface GameLaunch {
  readonly sessionId: bigint;
  readonly sgcId: bigint;
  /** The program and its arguments. A program without a slash is looked up in the game's PATH. */
  readonly argv: readonly string[];
  /** Variables beside, and over, those that the runner gives to every game. Nothing of the host manager's own environment is handed on. */
  readonly env: Readonly<Record<string, string>>;
  /** Absolute path; must exist. A program such as `./start.sh` is looked up from here. */
  readonly workingDirectory: string;
}

/** How a game came to its end. */
export interface GameEnd {
  /**
   * `exited`: it ran, and its end was seen. `not-started`: its program never ran. `lost`: it ran, it is gone, and nobody saw how
   * (the machine restarted, or its supervisor was killed before it).
   */
  readonly how: "exited" | "not-started" | "lost";
  /** What the program returned; 128 + the signal's number after a death by signal; -1 unless it `exited`. */
  readonly exitCode: number;
  /** The signal that ended it (`SIGKILL`), if one did. */
  readonly signal: string | undefined;
  /** When the last process of the game was gone; of a `lost` game, when that was noticed. */
  readonly endedAtMs: number;
  /** Why it did not start, or why its end is not known. */
  readonly reason: string | undefined;
}

/** A game that this host knows, and how it stands. */
export type FoundGame = { readonly sessionId: bigint; readonly sgcId: bigint } & (
  | {
      /** Its start is recorded, its program does not run yet. After a restart of the host manager: a start cut short, see `start`. */
      readonly state: "starting";
    }
  | {
      readonly state: "running";
      readonly pid: number;
      readonly startedAtMs: number;
      /** False once its supervisor was killed: it runs on and can be stopped, but takes no input, and its exit code will not be known. */
      readonly supervised: boolean;
    }
  | ({ readonly state: "ended" } & GameEnd)
);

/** Runs the games of one host. Outside failures are Faults. */
export interface GameRunner {
  /**
   * Starts a game; resolves once it is recorded as running. The start of a session that runs or has ended does nothing; a start that
   * was cut short by the host manager's death is finished by calling `start` again, and can never lead to two games.
   * Rejects with a Fault that says why the program does not run (`missing` program or working directory, `rejected` launch); the
   * session has then ended as `not-started`, and further starts of it reject in the same way.
   */
  start(launch: GameLaunch): Promise<void>;

  /**
   * Asks every process of the game to end (SIGTERM), and ends what is left after `graceSeconds` (SIGKILL); resolves once none is
   * left. A session that has ended or is not known needs nothing. Going on is the supervisor's part: the host manager may die meanwhile.
   * Rejects with an `away` Fault when a process outlives even SIGKILL (one that hangs in the kernel does).
   */
  stop(sessionId: bigint, how: { readonly graceSeconds: number }): Promise<void>;

  /** `stop` without the asking. */
  kill(sessionId: bigint): Promise<void>;

  /**
   * Gives `bytes` to the game's standard input, after all that was given before. Resolves once they are queued for the game.
   * Rejects: `missing` when no such game runs here, `rejected` when it can take no input or the input is too long, `exhausted` when it
   * does not read what it was sent, `away` when no answer came (the game may or may not have got the bytes).
   */
  sendInput(sessionId: bigint, bytes: Uint8Array): Promise<void>;

  /** Every game known on this host, from `start` until `forget`. */
  find(): Promise<FoundGame[]>;

  /**
   * Calls `listener` with every game as it stands now, then at each change, until the returned function is called. A state that
   * passes quickly may be left out; an end never is, and is told again to each new listener until `forget`.
   */
  onChange(listener: (game: FoundGame) => void): () => void;

  /** Lets go of a session that has ended, once its end is reported and confirmed. Rejects with a `rejected` Fault while it lives. */
  forget(sessionId: bigint): Promise<void>;

  /** Stops watching. Games run on. */
  close(): Promise<void>;
}
