// Sets modification times to the nanosecond. Node's own calls take seconds as floating point and miss by up to a quarter of a
// microsecond, so a small child process (perl, which Debian always has, or python3) makes the system call, thousands of times for one start.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { Fault } from "@manman/core/fault.ts";

/** `latin1Path` lies below the directory that the setter was opened for, one character a byte, without a slash at its end. */
export type TimedPath = { readonly latin1Path: string; readonly mtimeNs: bigint };

export type TimeSetter = {
  /** Sets all, links unfollowed, and says how many could not be set. Calls may run side by side. Fails with a Fault when the process is gone. */
  set(timed: readonly TimedPath[]): Promise<number>;
  close(): Promise<void>;
};

const perlScript = String.raw`
use strict; use Config; binmode STDIN; $| = 1; $/ = "\0";
my %numbers = (x86_64 => 280, aarch64 => 88);
my ($machine) = $Config{archname} =~ /^(x86_64|aarch64)-linux/ or exit 3;
my $failures = 0;
while (defined(my $line = <STDIN>)) {
  chomp $line;
  if ($line eq "") { print "$failures\n"; $failures = 0; next; }
  my ($seconds, $ns, $path) = $line =~ /\A(-?\d+) (\d+) (.*)\z/s or exit 4;
  my $times = pack("q4", 0, 0x3ffffffe, $seconds, $ns);
  $failures++ if syscall($numbers{$machine}, -100, $path, $times, 0x100) != 0;
}`;

const pythonScript = String.raw`
import os, sys
failures = 0
rest = b""
while True:
    read = os.read(0, 65536)
    if not read: break
    *lines, rest = (rest + read).split(b"\0")
    for line in lines:
        if not line:
            os.write(1, b"%d\n" % failures)
            failures = 0
            continue
        seconds, ns, path = line.split(b" ", 2)
        ns = int(seconds) * 10**9 + int(ns)
        try: os.utime(path, ns=(ns, ns), follow_symlinks=False)
        except OSError: failures += 1
`;

const commands: readonly (readonly [string, ...string[]])[] = [
  ["perl", "-e", perlScript],
  ["python3", "-c", pythonScript],
];

/** Opens a setter for paths below an open directory; undefined where neither perl nor python3 is there. */
export async function openTimeSetter(directoryFd: number): Promise<TimeSetter | undefined> {
  for (const command of commands) {
    const setter = await startSetter(command, directoryFd);
    if (setter !== undefined) return setter;
  }
  return undefined;
}

async function startSetter(
  [program, ...args]: readonly [string, ...string[]],
  directoryFd: number,
): Promise<TimeSetter | undefined> {
  const child = spawn(program, args, {
    cwd: `/proc/self/fd/${directoryFd}`,
    stdio: ["pipe", "pipe", "ignore"],
  });
  const setter = new ChildTimeSetter(child);
  try {
    await setter.set([]);
    return setter;
  } catch {
    await setter.close();
    return undefined;
  }
}

type Waiting = { resolve: (failures: number) => void; reject: (error: Error) => void };

class ChildTimeSetter implements TimeSetter {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #waiting: Waiting[] = [];
  #answer = "";
  #gone = false;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = new Promise((resolve) => {
      const end = (): void => {
        this.#fail();
        resolve();
      };
      child.once("error", end);
      child.once("close", end);
    });
    child.stdin?.on("error", () => undefined);
    child.stdout?.setEncoding("latin1").on("data", (text: string) => {
      this.#take(text);
    });
  }

  async set(timed: readonly TimedPath[]): Promise<number> {
    if (this.#gone) throw endedFault();
    const lines = timed.map(
      ({ latin1Path, mtimeNs }) => `${secondsAndNs(mtimeNs)} ${latin1Path}\0`,
    );
    const answered = new Promise<number>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
    answered.catch(() => undefined);
    const stdin = this.#child.stdin;
    if (stdin !== null && !stdin.write(Buffer.from(`${lines.join("")}\0`, "latin1"))) {
      await Promise.race([once(stdin, "drain"), this.#ended]);
    }
    return await answered;
  }

  async close(): Promise<void> {
    this.#child.stdin?.end();
    await this.#ended;
  }

  #take(text: string): void {
    const lines = (this.#answer + text).split("\n");
    this.#answer = lines.pop() as string;
    for (const line of lines) this.#waiting.shift()?.resolve(Number(line));
  }

  #fail(): void {
    this.#gone = true;
    for (const { reject } of this.#waiting.splice(0)) {
      reject(endedFault());
    }
  }
}

function endedFault(): Fault {
  return new Fault("away", "extract: the process that sets times has ended");
}

function secondsAndNs(ns: bigint): string {
  const nanoseconds = ((ns % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  return `${(ns - nanoseconds) / 1_000_000_000n} ${nanoseconds}`;
}
