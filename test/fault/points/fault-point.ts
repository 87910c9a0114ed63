// What a fault point is: at which moment of a backup's journey, what happens to which part, and how it must end all the same.

/** The moments, in the order of the journey, each with what the world looks like then. The phrase is the end of a point's name. */
export const moments = {
  "when a backup is asked for": {
    between: "caller and control plane",
    when: "the part is away already when the request comes; the caller repeats it under one request id until it is answered",
  },
  "before the request is committed": {
    between: "control plane and PostgreSQL",
    when: "the transaction of the request waits at a lock that the test holds",
  },
  "between commit and publish": {
    between: "control plane and RabbitMQ",
    when: "the request is committed and answered; the way to the broker is silent, the command in the outbox",
  },
  "with the command published and not confirmed": {
    between: "control plane and RabbitMQ",
    when: "the host has the command; the broker's confirm is held back",
  },
  "with the command confirmed and not crossed off": {
    between: "control plane and PostgreSQL",
    when: "the host has the command; the deletion of its outbox row waits at a lock",
  },
  "with the command in the queue": {
    between: "RabbitMQ and host manager",
    when: "the outbox is empty; the way from the broker to the host is silent",
  },
  "with the command in the journal and not acknowledged": {
    between: "RabbitMQ and host manager",
    when: "the host has written the command down; its acknowledgement is held back",
  },
  "before the attempt is claimed": {
    between: "host manager and control plane",
    when: "the host has the command; the way to the control plane is silent",
  },
  "with the upload opened and unknown": {
    between: "control plane and S3",
    when: "the store has opened the upload; its answer is held back",
  },
  "before the claim is committed": {
    between: "control plane and PostgreSQL",
    when: "the upload is open; the transaction of the claim waits at a lock",
  },
  "with the claim committed and not answered": {
    between: "control plane and host manager",
    when: "the record is `running`; the answer to the host is held back",
  },
  "before the first part": {
    between: "packer and S3",
    when: "the packer speaks to the store and is not heard",
  },
  "in mid-upload": {
    between: "packer and S3",
    when: "some parts are stored, others are on their way, and nothing moves any more",
  },
  "between two attempts": {
    between: "host manager and control plane",
    when: "the first attempt has failed (its packer was killed), the second waits for its time",
  },
  "with everything sent and not reported": {
    between: "host manager and RabbitMQ",
    when: "the report is in the journal; the way to the broker is silent",
  },
  "with the report published and not confirmed": {
    between: "host manager and RabbitMQ",
    when: "the control plane has the report; the broker's confirm is held back",
  },
  "with the report in the queue": {
    between: "RabbitMQ and control plane",
    when: "the report waits at the broker; the control plane has lost its way there",
  },
  "before the report is committed": {
    between: "control plane and PostgreSQL",
    when: "the transaction of the report waits at a lock",
  },
  "with the report stored and not acknowledged": {
    between: "control plane and RabbitMQ",
    when: "the report is committed; its acknowledgement is held back",
  },
  "before the upload is completed": {
    between: "control plane and S3",
    when: "the record is `verifying`; the way to the store is silent",
  },
  "with the object made and unknown": {
    between: "control plane and S3",
    when: "the store has completed the upload; its answer is held back",
  },
  "before `completed` is committed": {
    between: "control plane and PostgreSQL",
    when: "the object was looked at; the last transaction waits at a lock",
  },
  "before the object is removed": {
    between: "control plane and S3",
    when: "the record is `deleting`; the way to the store is silent",
  },
  "before `deleted` is committed": {
    between: "control plane and PostgreSQL",
    when: "the object is gone; the last transaction waits at a lock",
  },
  "when it is called off in the queue": {
    between: "RabbitMQ and host manager",
    when: "the backup is cancelled while its command waits for the host",
  },
  "when it is called off in mid-upload": {
    between: "control plane and host manager",
    when: "the backup is cancelled, and its host cannot hear of it",
  },
  "when the control plane starts": {
    between: "control plane and what it needs",
    when: "the control plane is started while the part is away, and a backup is asked for",
  },
  "when the host manager starts": {
    between: "host manager and what it needs",
    when: "the host manager is started while the part is away, and a backup is asked for",
  },
  "with the start of a game in the queue": {
    between: "RabbitMQ and host manager",
    when: "StartSession was answered; the way from the broker to the host is silent",
  },
  "with a game started and not reported": {
    between: "host manager and RabbitMQ",
    when: "the game ticks; neither its report nor the acknowledgement of its start reaches the broker",
  },
  "with the stop of a game in the queue": {
    between: "RabbitMQ and host manager",
    when: "StopSession was answered; the way from the broker to the host is silent",
  },
} as const satisfies Record<string, { readonly between: string; readonly when: string }>;

export type MomentName = keyof typeof moments;

export const programNames = ["control plane", "host manager", "packer"] as const;
export const serverNames = ["PostgreSQL", "RabbitMQ", "S3"] as const;
/** Every way between two stations, by the one that opens the connection. The packer hangs on its host manager by pipes, which end with either. */
export const linkNames = [
  "caller to control plane",
  "host manager to control plane",
  "control plane to PostgreSQL",
  "control plane to RabbitMQ",
  "host manager to RabbitMQ",
  "control plane to S3",
  "packer to S3",
] as const;

export type ProgramName = (typeof programNames)[number];
export type ServerName = (typeof serverNames)[number];
export type LinkName = (typeof linkNames)[number];
export type Part = ProgramName | ServerName | LinkName;

export const hows = {
  "is killed": "SIGKILL, and started again",
  "is restarted": "SIGTERM as by an operator, and started again",
  "is frozen": "SIGSTOP, and SIGCONT once its silence was met by somebody",
  "is cut": "every connection is reset and new ones are refused, then it is whole again",
  "falls silent": "connections stay and nothing passes, until somebody has spoken into the silence",
} as const;

export type How = keyof typeof hows;

/** How it must end. */
export type Ending =
  | { readonly status: "completed"; readonly attemptsMin: number; readonly attemptsMax: number }
  | { readonly status: "cancelled" | "deleted" }
  /** Of a session, with one game in its directory or none. */
  | { readonly status: "running" | "stopped" };

export type FaultPoint = {
  /** "the control plane is killed between commit and publish" */
  readonly name: string;
  readonly moment: MomentName;
  readonly part: Part;
  readonly how: How;
  readonly lasts: "briefly" | "longer than a lease";
  readonly ending: Ending;
};

/** A point whose test is written by hand, because it has a story of its own. */
export type Story = {
  /** The test's name. */
  readonly name: string;
  /** Below test/fault. */
  readonly file: string;
};

/** The name of a part in a sentence. */
export function partWords(part: Part): string {
  if (isLink(part)) return `the way from ${part}`;
  return isServer(part) ? part : `the ${part}`;
}

export function isLink(part: Part): part is LinkName {
  return (linkNames as readonly Part[]).includes(part);
}

export function isServer(part: Part): part is ServerName {
  return (serverNames as readonly Part[]).includes(part);
}
