// One of our programs in the soak: killed, frozen and started again under one name and on one log file. An end that nobody asked for is kept,
// since no process may exit because another part went away.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, type WriteStream } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { until } from "../harness/until.ts";

export type PartProgram = {
  readonly name: string;
  /** The path of its file from the repository's root. */
  readonly main: string;
  /** It gets no other variables than these and PATH. */
  readonly environment: Readonly<Record<string, string>>;
  /** Opens node's inspector, so that its heap can be measured. */
  readonly isMeasured: boolean;
  /** Where its log is written, to `NAME.log`. */
  readonly logDir: string;
};

const readyWithinMs = 120_000;
const stopWithinMs = 30_000;

/** One life of the program, from its start to its end. */
type Life = {
  readonly child: ChildProcess;
  isReady: boolean;
  isEndAsked: boolean;
  inspectorUrl: string;
  readonly ended: Promise<void>;
};

export class PartProcess {
  readonly name: string;
  /** One sentence for each end that nobody asked for. */
  readonly strangeEnds: string[] = [];
  readonly #program: PartProgram;
  readonly #log: WriteStream;
  #life: Life | undefined;

  constructor(program: PartProgram) {
    this.name = program.name;
    this.#program = program;
    this.#log = createWriteStream(join(program.logDir, `${program.name}.log`), { flags: "a" });
  }

  /** 0 while it does not run. */
  get pid(): number {
    return this.#life?.child.pid ?? 0;
  }

  /** Where the inspector of a measured program listens. */
  get inspectorUrl(): string {
    return this.#life?.inspectorUrl ?? "";
  }

  /** Returns once it has said that it is ready. */
  async start(): Promise<void> {
    const life = this.#begin();
    this.#life = life;
    await until(
      () => {
        if (life.isReady || life.child.exitCode !== null) return true;
        return false;
      },
      { what: `${this.name} is ready`, deadlineMs: readyWithinMs },
    );
    if (!life.isReady) throw new Error(`${this.name} ended before it was ready: see its log`);
  }

  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Ends it in order, and with force where that takes longer than 30 s. */
  async stop(): Promise<void> {
    const life = this.#life;
    if (life === undefined) return;
    const force = setTimeout(() => life.child.kill("SIGKILL"), stopWithinMs);
    await this.#end("SIGTERM");
    clearTimeout(force);
  }

  freeze(): void {
    this.#life?.child.kill("SIGSTOP");
  }

  thaw(): void {
    this.#life?.child.kill("SIGCONT");
  }

  /** Kills it for good. */
  async close(): Promise<void> {
    await this.kill();
    await new Promise<void>((resolve) => {
      this.#log.end(() => resolve());
    });
  }

  #begin(): Life {
    const { main, environment, isMeasured } = this.#program;
    const path = fileURLToPath(new URL(`../../${main}`, import.meta.url));
    const inspector = isMeasured ? ["--inspect=127.0.0.1:0"] : [];
    const child = spawn(process.execPath, [...inspector, path], {
      env: { PATH: process.env["PATH"] ?? "", ...environment },
      // A Ctrl-C in the terminal is for the soak alone, which then ends everything in its order.
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const life: Life = {
      child,
      isReady: false,
      isEndAsked: false,
      inspectorUrl: "",
      ended: once(child, "close").then(() => {
        if (life.isEndAsked) return;
        this.strangeEnds.push(
          `${this.name} ended by itself with ${child.exitCode ?? child.signalCode}`,
        );
      }),
    };
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => this.#hear(life, line));
    }
    return life;
  }

  #hear(life: Life, line: string): void {
    this.#log.write(`${line}\n`);
    if (line.includes('"msg":"ready"')) life.isReady = true;
    const listening = /^Debugger listening on (ws:\S+)$/.exec(line);
    if (listening !== null) life.inspectorUrl = listening[1] ?? "";
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const life = this.#life;
    if (life === undefined) return;
    life.isEndAsked = true;
    life.child.kill("SIGCONT");
    life.child.kill(signal);
    await life.ended;
    this.#life = undefined;
  }
}
