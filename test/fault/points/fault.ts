// Takes a part of a stage away, waits until its absence was felt, and gives it back.
import { serverName } from "../../harness/fleet.ts";
import { untilBackup } from "../../harness/fleet-records.ts";
import type { Program } from "../../harness/program.ts";
import { until } from "../../harness/until.ts";
import {
  isLink,
  isServer,
  type FaultPoint,
  type How,
  type LinkName,
  type ProgramName,
  type ServerName,
} from "./fault-point.ts";
import { packerPid, type Reached } from "./moments.ts";
import type { Stage } from "./stage.ts";

/** Machines that do much else take their time. */
const untilMs = 60_000;

export type Fault = {
  /** Waits until somebody has missed the part, for as long as the point lasts. */
  readonly felt: (reached: Reached) => Promise<void>;
  /** Gives the part back; returns once it answers. */
  readonly over: () => Promise<void>;
};

/** Begins the fault. */
export async function beginFault(stage: Stage, point: FaultPoint): Promise<Fault> {
  const { part, how, lasts } = point;
  const isFelt = await signOf(stage, point);
  const beganMs = performance.now();
  const over = await taken(stage, point);
  return {
    over,
    felt: async (reached) => {
      if (lasts === "briefly") await isFelt(reached);
      else if (point.ending.status === "completed" && point.ending.attemptsMin > 1)
        await secondAttemptWaits(stage, reached);
      else {
        const leaseMs = stage.leaseSeconds * 1_000;
        // The database may be what is away; a lease that was renewed before the fault is over by then.
        await until(() => performance.now() - beganMs > leaseMs, {
          what: `${part} ${how} for longer than a lease`,
          deadlineMs: 2 * leaseMs,
        });
      }
    },
  };
}

/** How to give it back. */
async function taken(stage: Stage, { part, how }: FaultPoint): Promise<Fault["over"]> {
  if (isLink(part)) {
    const link = stage.links[part];
    if (how === "is cut") await link.cut();
    else link.stall();
    return async () => await link.heal();
  }
  return isServer(part)
    ? await takenServer(stage, part, how)
    : await takenProgram(stage, part, how);
}

async function takenServer(stage: Stage, name: ServerName, how: How): Promise<Fault["over"]> {
  const server = stage.servers[name];
  if (server === undefined) throw new Error(`the stage has no ${name} of its own`);
  if (how === "is frozen") {
    await server.freeze();
    return server.thaw;
  }
  await (how === "is killed" ? server.kill() : server.stop());
  return server.start;
}

async function takenProgram(stage: Stage, name: ProgramName, how: How): Promise<Fault["over"]> {
  const pid = name === "packer" ? packerPid(stage) : programOf(stage, name).pid;
  if (how === "is frozen") {
    process.kill(pid, "SIGSTOP");
    return async () => {
      process.kill(pid, "SIGCONT");
    };
  }
  if (name === "packer") {
    process.kill(pid, "SIGKILL");
    // The host manager starts another one when it needs one.
    return async () => {};
  }
  await stage.end(programOf(stage, name), how === "is killed" ? "SIGKILL" : "SIGTERM");
  return async () => {
    if (name === "control plane") stage.startControlPlane();
    else stage.startHostManager();
    await programOf(stage, name).said("ready");
  };
}

function programOf(stage: Stage, name: "control plane" | "host manager"): Program {
  return name === "control plane" ? stage.controlPlane : stage.hostManager;
}

type Sign = (reached: Reached) => Promise<void>;

/** By what it is seen that somebody has missed the part; to be called before the fault. */
async function signOf(stage: Stage, { part, how }: FaultPoint): Promise<Sign> {
  if (how === "falls silent" && isLink(part)) {
    const link = stage.links[part];
    return async () => await seen(() => link.holdsSomething, `somebody speaks on ${part}`);
  }
  if (how === "is cut" && isLink(part)) return complaint(stage, part);
  if (how === "is frozen") return await silenceMet(stage, part as ProgramName | ServerName);
  // Whoever was connected to a process that has died knows it. A request that is made meanwhile must have met that.
  return async ({ missed }) => await missed;
}

/** Who says that a way is cut, and whether somebody does at every moment. */
const complainers: Readonly<Record<LinkName, readonly ("control plane" | "host manager")[]>> = {
  "caller to control plane": [],
  "host manager to control plane": ["host manager"],
  "control plane to PostgreSQL": ["control plane"],
  "control plane to RabbitMQ": ["control plane"],
  // Neither needs it all the time, and the packer only tells when it has given up.
  "host manager to RabbitMQ": [],
  "packer to S3": [],
  "control plane to S3": ["control plane", "host manager"],
};

/** pino's level of a warning. */
const warning = 40;

function complaint(stage: Stage, link: LinkName): Sign {
  const programs = complainers[link];
  if (programs.length === 0) return async ({ missed }) => await missed;
  const before = programs
    .map((name) => programOf(stage, name))
    .map((program) => {
      return [program, program.lines.length] as const;
    });
  return async () => {
    await seen(
      () =>
        programs.some((name) => {
          const program = programOf(stage, name);
          const from = before.find(([known]) => known === program)?.[1] ?? 0;
          return program.lines.slice(from).some((line) => complains(line, link));
        }),
      `somebody complains that the way from ${link} is cut`,
    );
  };
}

function complains({ level, msg }: Program["lines"][number], link: LinkName): boolean {
  // A start on a busy machine may have to wait for the broker.
  const isOfStart = msg === "the broker does not answer" && link === "control plane to S3";
  return Number(level) >= warning && !isOfStart;
}

const spokenTo = {
  "control plane": ["host manager to control plane"],
  PostgreSQL: ["control plane to PostgreSQL"],
  RabbitMQ: ["control plane to RabbitMQ", "host manager to RabbitMQ"],
  S3: ["control plane to S3", "packer to S3"],
} as const satisfies Record<string, readonly LinkName[]>;

async function silenceMet(stage: Stage, part: ProgramName | ServerName): Promise<Sign> {
  if (part === "host manager") {
    return async () => {
      await until(async () => await heardSince(stage, "now() - interval '1.5 seconds'", false), {
        what: "a heartbeat is missing",
        deadlineMs: untilMs,
      });
    };
  }
  if (part === "packer") {
    const [{ now } = { now: "" }] = await stage.fleet.query<{ now: string }>("select now()::text");
    return async () => {
      await until(async () => await heardSince(stage, `timestamptz '${now}'`, true), {
        what: "a heartbeat has come by",
        deadlineMs: untilMs,
      });
    };
  }
  const sent = (): number =>
    spokenTo[part].reduce((sum, link) => sum + stage.links[link].bytesToServer, 0);
  const before = sent();
  return async () => await seen(() => sent() > before, `somebody speaks to ${part}`);
}

async function heardSince(stage: Stage, time: string, isHeard: boolean): Promise<true | undefined> {
  const [row] = await stage.fleet.query<{ heard: boolean }>(
    `select last_seen_at > ${time} as heard from server where name = $1`,
    [serverName],
  );
  return row?.heard === isHeard ? true : undefined;
}

async function seen(sign: () => boolean, what: string): Promise<void> {
  await until(sign, { what, deadlineMs: untilMs });
}

async function secondAttemptWaits({ fleet }: Stage, reached: Reached): Promise<void> {
  if (!("backupId" in reached)) throw new Error("a session has no attempts");
  await untilBackup(
    fleet,
    await reached.backupId(),
    "waits for its second attempt",
    ({ attempt }) => attempt > 1,
  );
}
