// The table of fault points, from which the tests are made, the page docs/fault-points.md, and what `npm run test:fault` runs.
import {
  isLink,
  isServer,
  partWords,
  type Ending,
  type FaultPoint,
  type How,
  type MomentName,
  type Part,
  type Story,
} from "./fault-point.ts";

const completed: Ending = { status: "completed", attemptsMin: 1, attemptsMax: 1 };
/** One attempt is lost, as it must be. A machine that is busy may lose another one while a lease is short. */
const inTheSecondAttempt: Ending = { status: "completed", attemptsMin: 2, attemptsMax: 3 };
const cancelled: Ending = { status: "cancelled" };
const deleted: Ending = { status: "deleted" };
const running: Ending = { status: "running" };
const stopped: Ending = { status: "stopped" };

type Fault = readonly [part: Part, ...hows: How[]];

export const faultPoints: readonly FaultPoint[] = [
  ...at("when a backup is asked for", completed, [
    ["control plane", "is killed", "is restarted", "is frozen"],
    ["host manager", "is killed", "is frozen"],
    ["PostgreSQL", "is killed", "is restarted", "is frozen"],
    ["RabbitMQ", "is killed", "is restarted", "is frozen"],
    ["S3", "is killed", "is frozen"],
    ["caller to control plane", "is cut", "falls silent"],
    ["host manager to control plane", "is cut", "falls silent"],
    ["control plane to PostgreSQL", "is cut", "falls silent"],
    ["control plane to RabbitMQ", "is cut", "falls silent"],
    ["host manager to RabbitMQ", "is cut", "falls silent"],
    ["control plane to S3", "is cut", "falls silent"],
    ["packer to S3", "is cut", "falls silent"],
  ]),
  ...at("before the request is committed", completed, [
    ["control plane", "is killed"],
    ["PostgreSQL", "is killed"],
    ["control plane to PostgreSQL", "is cut", "falls silent"],
    ["caller to control plane", "is cut", "falls silent"],
  ]),
  ...at("between commit and publish", completed, [
    ["control plane", "is killed", "is frozen"],
    ["PostgreSQL", "is killed"],
    ["RabbitMQ", "is killed"],
    ["control plane to RabbitMQ", "is cut", "falls silent"],
  ]),
  ...at("with the command published and not confirmed", completed, [
    ["control plane", "is killed"],
    ["RabbitMQ", "is killed"],
    ["control plane to RabbitMQ", "is cut"],
  ]),
  ...at("with the command confirmed and not crossed off", completed, [
    ["control plane", "is killed"],
    ["PostgreSQL", "is killed"],
    ["control plane to PostgreSQL", "is cut"],
  ]),
  ...at("with the command in the queue", completed, [
    ["control plane", "is killed"],
    ["host manager", "is killed", "is frozen"],
    ["RabbitMQ", "is killed"],
    ["host manager to RabbitMQ", "is cut", "falls silent"],
  ]),
  ...at("with the command in the journal and not acknowledged", completed, [
    ["host manager", "is killed"],
    ["RabbitMQ", "is killed"],
    ["host manager to RabbitMQ", "is cut"],
  ]),
  ...at("before the attempt is claimed", completed, [
    ["control plane", "is killed", "is frozen"],
    ["host manager", "is killed", "is frozen"],
    ["host manager to control plane", "is cut", "falls silent"],
  ]),
  ...at("with the upload opened and unknown", completed, [
    ["control plane", "is killed"],
    ["host manager", "is killed"],
    ["S3", "is killed"],
    ["control plane to S3", "is cut"],
    ["host manager to control plane", "is cut"],
  ]),
  ...at("before the claim is committed", completed, [
    ["control plane", "is killed"],
    ["host manager", "is killed"],
    ["PostgreSQL", "is killed"],
    ["control plane to PostgreSQL", "is cut"],
  ]),
  ...at("with the claim committed and not answered", completed, [
    ["control plane", "is killed"],
    ["host manager", "is killed"],
    ["host manager to control plane", "is cut"],
  ]),
  ...at("before the first part", completed, [
    ["host manager", "is killed"],
    ["packer to S3", "is cut", "falls silent"],
  ]),
  ...at("before the first part", inTheSecondAttempt, [["packer", "is killed"]]),
  ...at("in mid-upload", completed, [
    ["control plane", "is killed", "is restarted", "is frozen"],
    ["host manager", "is killed", "is restarted", "is frozen"],
    ["packer", "is frozen"],
    ["PostgreSQL", "is killed", "is restarted", "is frozen"],
    ["RabbitMQ", "is killed", "is frozen"],
    ["S3", "is killed", "is restarted", "is frozen"],
    ["host manager to control plane", "is cut", "falls silent"],
    ["control plane to PostgreSQL", "is cut", "falls silent"],
    ["control plane to RabbitMQ", "is cut", "falls silent"],
    ["packer to S3", "is cut", "falls silent"],
  ]),
  ...at("in mid-upload", inTheSecondAttempt, [["packer", "is killed"]]),
  ...at("between two attempts", inTheSecondAttempt, [
    ["control plane", "is killed"],
    ["host manager", "is killed"],
    ["PostgreSQL", "is killed"],
    ["RabbitMQ", "is killed"],
  ]),
  ...at("with everything sent and not reported", completed, [
    ["control plane", "is killed"],
    ["host manager", "is killed", "is restarted", "is frozen"],
    ["RabbitMQ", "is killed", "is restarted"],
    ["host manager to RabbitMQ", "is cut", "falls silent"],
  ]),
  ...at("with the report published and not confirmed", completed, [
    ["host manager", "is killed"],
    ["RabbitMQ", "is killed"],
    ["host manager to RabbitMQ", "is cut"],
  ]),
  ...at("with the report in the queue", completed, [
    ["control plane", "is killed"],
    ["PostgreSQL", "is killed"],
    ["RabbitMQ", "is killed"],
  ]),
  ...at("before the report is committed", completed, [
    ["control plane", "is killed", "is frozen"],
    ["host manager", "is killed"],
    ["PostgreSQL", "is killed", "is frozen"],
    ["RabbitMQ", "is killed"],
    ["control plane to PostgreSQL", "is cut", "falls silent"],
  ]),
  ...at("with the report stored and not acknowledged", completed, [
    ["control plane", "is killed"],
    ["RabbitMQ", "is killed"],
    ["control plane to RabbitMQ", "is cut"],
  ]),
  ...at("before the upload is completed", completed, [
    ["control plane", "is killed", "is restarted", "is frozen"],
    ["host manager", "is killed"],
    ["PostgreSQL", "is killed"],
    ["S3", "is killed", "is frozen"],
    ["control plane to S3", "is cut", "falls silent"],
  ]),
  ...at("with the object made and unknown", completed, [
    ["control plane", "is killed"],
    ["S3", "is killed"],
    ["control plane to S3", "is cut"],
  ]),
  ...at("before `completed` is committed", completed, [
    ["control plane", "is killed"],
    ["PostgreSQL", "is killed"],
    ["control plane to PostgreSQL", "is cut", "falls silent"],
  ]),
  ...at("before the object is removed", deleted, [
    ["control plane", "is killed"],
    ["PostgreSQL", "is killed"],
    ["S3", "is killed"],
    ["control plane to S3", "is cut", "falls silent"],
  ]),
  ...at("before `deleted` is committed", deleted, [
    ["control plane", "is killed"],
    ["PostgreSQL", "is killed"],
    ["control plane to PostgreSQL", "is cut"],
  ]),
  ...at("when it is called off in the queue", cancelled, [
    ["control plane", "is killed"],
    ["host manager", "is killed"],
    ["RabbitMQ", "is killed"],
  ]),
  ...at("when it is called off in mid-upload", cancelled, [
    ["control plane", "is killed"],
    ["host manager", "is killed"],
    ["packer", "is killed"],
    ["PostgreSQL", "is killed"],
    ["host manager to control plane", "is cut", "falls silent"],
  ]),
  ...at("when the control plane starts", completed, [
    ["control plane to PostgreSQL", "is cut", "falls silent"],
    ["control plane to RabbitMQ", "is cut", "falls silent"],
    ["control plane to S3", "is cut", "falls silent"],
  ]),
  ...at("when the host manager starts", completed, [
    ["host manager to control plane", "is cut", "falls silent"],
    ["host manager to RabbitMQ", "is cut", "falls silent"],
  ]),
  ...at("with the start of a game in the queue", running, [
    ["control plane", "is killed"],
    ["host manager", "is killed"],
    ["RabbitMQ", "is killed"],
    ["host manager to RabbitMQ", "is cut"],
  ]),
  ...at("with a game started and not reported", running, [
    ["control plane", "is killed"],
    ["host manager", "is killed"],
    ["RabbitMQ", "is killed"],
    ["host manager to RabbitMQ", "is cut"],
  ]),
  ...at("with the stop of a game in the queue", stopped, [
    ["control plane", "is killed"],
    ["host manager", "is killed"],
    ["RabbitMQ", "is killed"],
    ["host manager to RabbitMQ", "is cut"],
  ]),
  ...forLongerThanALease("in mid-upload", completed, [
    ["control plane", "is killed", "is frozen"],
    ["packer", "is frozen"],
    ["PostgreSQL", "is killed", "is frozen"],
    ["RabbitMQ", "is killed", "is frozen"],
    ["control plane to PostgreSQL", "is cut", "falls silent"],
    ["control plane to RabbitMQ", "is cut", "falls silent"],
    ["host manager to RabbitMQ", "is cut"],
  ]),
  ...forLongerThanALease("in mid-upload", inTheSecondAttempt, [
    ["host manager", "is killed", "is frozen"],
    ["host manager to control plane", "is cut", "falls silent"],
  ]),
  ...forLongerThanALease("with everything sent and not reported", completed, [
    ["RabbitMQ", "is killed"],
    ["host manager to RabbitMQ", "is cut"],
  ]),
];

export const stories: readonly Story[] = [
  ...told("broker-away.test.ts", [
    "with RabbitMQ stopped CreateBackup records the request, which completes by itself when it is back",
  ]),
  ...told("database-away.test.ts", [
    "with PostgreSQL stopped CreateBackup is UNAVAILABLE, and nothing is recorded",
  ]),
  ...told("host-manager-killed.test.ts", [
    "killed before the broker has its report, it reports at its next start, and sends nothing a second time",
    "killed in every attempt it leaves a failed backup that says why, and the game can be backed up again",
    "never started again, it leaves a backup that fails when its time is up, and a late start changes nothing",
    "frozen for longer than its lease, it loses the attempt, and does no harm when it thaws",
  ]),
  ...told("packer-killed.test.ts", [
    "a packer that is killed in mid-upload costs its attempt and no more",
  ]),
  ...told("games-survive.test.ts", [
    "a game runs on, takes input from the next host manager, and is stopped by it",
    "what is asked while no host manager runs is carried out by the next one",
    "a game that ends while no host manager runs is on record with how it ended",
    "killed as soon as it has taken a start on, it leaves one game and not two",
  ]),
  ...told("side-by-side.test.ts", [
    "forty backups through two control planes, one of them killed, are each completed once and whole",
  ]),
];

/** The points that share a stage, and so a test file, by the part that it must be able to take away. */
export const groupNames = [
  "control-plane",
  "host-manager",
  "postgres",
  "rabbitmq",
  "store",
  "host-network",
  "control-plane-network",
  "sessions",
  "leases",
] as const;
export type GroupName = (typeof groupNames)[number];

export function groupOf({ part, lasts, ending }: FaultPoint): GroupName {
  if (lasts === "longer than a lease") return "leases";
  if (ending.status === "running" || ending.status === "stopped") return "sessions";
  if (isLink(part)) {
    if (part.endsWith("to S3")) return "store";
    return part.startsWith("control plane") ? "control-plane-network" : "host-network";
  }
  if (isServer(part)) return groupOfServer[part];
  return part === "control plane" ? "control-plane" : "host-manager";
}

const groupOfServer = { PostgreSQL: "postgres", RabbitMQ: "rabbitmq", S3: "store" } as const;

function at(moment: MomentName, ending: Ending, faults: readonly Fault[]): FaultPoint[] {
  return pointsOf(faults, (part, how) => ({
    name: `${partWords(part)} ${how} ${moment}`,
    moment,
    part,
    how,
    lasts: "briefly",
    ending,
  }));
}

function forLongerThanALease(
  moment: MomentName,
  ending: Ending,
  faults: readonly Fault[],
): FaultPoint[] {
  return pointsOf(faults, (part, how) => ({
    name: `${partWords(part)} ${how} for longer than a lease ${moment}`,
    moment,
    part,
    how,
    lasts: "longer than a lease",
    ending,
  }));
}

function pointsOf(
  faults: readonly Fault[],
  point: (part: Part, how: How) => FaultPoint,
): FaultPoint[] {
  return faults.flatMap(([part, ...hows]) => hows.map((how) => point(part, how)));
}

function told(file: string, names: readonly string[]): Story[] {
  return names.map((name) => ({ name, file }));
}
