// Brings a stage to each of the moments and holds it there: with ways that are silent in one or both directions, and with locks.
import { randomUUID } from "node:crypto";
import { deployedGame, makeWorld, tickingIn, type Game } from "../../harness/fleet-games.ts";
import { openUploads, storedBytes } from "../../harness/fleet-objects.ts";
import { endedBackup, historyOf, untilBackup, untilSession } from "../../harness/fleet-records.ts";
import type { TcpProxy } from "../../harness/tcp-proxy.ts";
import { until } from "../../harness/until.ts";
import type { LinkName, MomentName } from "./fault-point.ts";
import { lockTable } from "./held-lock.ts";
import { haltAfterBytes, type Stage } from "./stage.ts";
import { waitingMessages } from "./waiting-messages.ts";

/** A moment that was reached, and holds. */
export type Reached = {
  /** The way whose silence holds it, if one does. */
  readonly heldBy?: LinkName;
  /** Ends the holding; called once, after the fault has come. */
  readonly letGo: () => Promise<void>;
  /** Resolves once the part that is away was needed, where the moment can tell. */
  readonly missed?: Promise<void>;
} & (
  | { readonly backupId: () => Promise<bigint> }
  | { readonly session: { readonly sessionId: bigint; readonly game: Game } }
);

type Reach = (stage: Stage) => Promise<Reached>;

/** Machines that do much else take their time. */
const untilMs = 120_000;

export const reach: Readonly<Record<MomentName, Reach>> = {
  "when a backup is asked for": asking,

  "when the control plane starts": async (stage) => {
    const reached = await asking(stage);
    await stage.end(stage.controlPlane, "SIGTERM");
    return {
      ...reached,
      letGo: async () => {
        stage.startControlPlane();
        await reached.letGo();
      },
    };
  },

  "when the host manager starts": async (stage) => {
    const reached = await asking(stage);
    await stage.end(stage.hostManager, "SIGTERM");
    return {
      ...reached,
      letGo: async () => {
        stage.startHostManager();
        await reached.letGo();
      },
    };
  },

  "before the request is committed": async (stage) => {
    const lock = await lockTable(stage.fleet, "backup_event");
    const asked = begun(stage, "small");
    await lock.isWaitedFor();
    return { backupId: async () => await asked.answer, letGo: lock.release };
  },

  "between commit and publish": async (stage) => {
    const link = stage.links["control plane to RabbitMQ"];
    link.stall();
    const backupId = await ask(stage, "small");
    expectOne(await commandsInOutbox(stage));
    return held(backupId, "control plane to RabbitMQ", link);
  },

  "with the command published and not confirmed": async (stage) => {
    const link = stage.links["control plane to RabbitMQ"];
    const isTakenIn = hostSays(stage, "backup command taken in");
    link.stallAnswers();
    const backupId = await ask(stage, "small");
    await isTakenIn();
    expectOne(await commandsInOutbox(stage));
    return held(backupId, "control plane to RabbitMQ", link);
  },

  "with the command confirmed and not crossed off": async (stage) => {
    const link = stage.links["control plane to RabbitMQ"];
    const isTakenIn = hostSays(stage, "backup command taken in");
    link.stall();
    const backupId = await ask(stage, "small");
    const lock = await lockTable(stage.fleet, "outbox");
    await link.heal();
    await isTakenIn();
    await lock.isWaitedFor();
    return { backupId: async () => backupId, letGo: lock.release };
  },

  "with the command in the queue": async (stage) => {
    const { backupId, link } = await queued(stage);
    return held(backupId, "host manager to RabbitMQ", link);
  },

  "with the command in the journal and not acknowledged": async (stage) => {
    const link = stage.links["host manager to RabbitMQ"];
    const isTakenIn = hostSays(stage, "backup command taken in");
    link.stallRequests();
    const backupId = await ask(stage, "small");
    await isTakenIn();
    return held(backupId, "host manager to RabbitMQ", link);
  },

  "before the attempt is claimed": async (stage) => {
    const link = stage.links["host manager to control plane"];
    const isTakenIn = hostSays(stage, "backup command taken in");
    link.stall();
    const backupId = await ask(stage, "small");
    await isTakenIn();
    await until(() => link.holdsSomething, {
      what: "the claim is on its way",
      deadlineMs: untilMs,
    });
    return held(backupId, "host manager to control plane", link);
  },

  "with the upload opened and unknown": async (stage) => {
    const link = stage.links["control plane to S3"];
    link.stallAnswers();
    const backupId = await ask(stage, "small");
    await uploadIsOpen(stage);
    return held(backupId, "control plane to S3", link);
  },

  "before the claim is committed": async (stage) => {
    const { backupId, link } = await queued(stage);
    const lock = await lockTable(stage.fleet, "backup_event");
    await link.heal();
    await uploadIsOpen(stage);
    await lock.isWaitedFor();
    return { backupId: async () => backupId, letGo: lock.release };
  },

  "with the claim committed and not answered": async (stage) => {
    const link = stage.links["host manager to control plane"];
    link.stallAnswers();
    const backupId = await ask(stage, "small");
    await comesTo(stage, backupId, "1 running");
    return held(backupId, "host manager to control plane", link);
  },

  "before the first part": async (stage) => {
    const { backupId, link } = await uploading(stage, "large");
    return held(backupId, "packer to S3", link);
  },

  "in mid-upload": async (stage) => {
    const { backupId, link } = await halfway(stage);
    return held(backupId, "packer to S3", link);
  },

  "between two attempts": async (stage) => {
    const { backupId, link } = await halfway(stage);
    process.kill(packerPid(stage), "SIGKILL");
    await comesTo(stage, backupId, "2 pending");
    return held(backupId, "packer to S3", link);
  },

  "with everything sent and not reported": async (stage) => {
    const link = stage.links["host manager to RabbitMQ"];
    const sending = await uploading(stage, "small");
    link.stall();
    await sending.end();
    return held(sending.backupId, "host manager to RabbitMQ", link);
  },

  "with the report published and not confirmed": async (stage) => {
    const link = stage.links["host manager to RabbitMQ"];
    const { backupId, end } = await uploading(stage, "small");
    link.stallAnswers();
    await end();
    await comesTo(stage, backupId, "1 verifying");
    return held(backupId, "host manager to RabbitMQ", link);
  },

  "with the report in the queue": async (stage) => {
    const link = stage.links["control plane to RabbitMQ"];
    const { backupId, end } = await uploading(stage, "small");
    await link.cut();
    await end();
    await until(async () => (await waitingMessages(stage.fleet)).reports.messages > 0, {
      what: "the report is in the queue",
      deadlineMs: untilMs,
    });
    return held(backupId, "control plane to RabbitMQ", link);
  },

  "before the report is committed": async (stage) => {
    const { backupId, end } = await uploading(stage, "small");
    const lock = await lockTable(stage.fleet, "backup_event");
    await end();
    await lock.isWaitedFor();
    return { backupId: async () => backupId, letGo: lock.release };
  },

  "with the report stored and not acknowledged": async (stage) => {
    const link = stage.links["control plane to RabbitMQ"];
    const { backupId, end } = await uploading(stage, "small");
    link.stallRequests();
    await end();
    await comesTo(stage, backupId, "1 verifying");
    return held(backupId, "control plane to RabbitMQ", link);
  },

  "before the upload is completed": async (stage) => {
    const { backupId, link } = await completing(stage);
    return held(backupId, "control plane to S3", link);
  },

  "with the object made and unknown": async (stage) => {
    const link = stage.links["control plane to S3"];
    const { backupId, key, end } = await uploading(stage, "small");
    link.stallAnswers();
    await end();
    await until(async () => (await storedBytes(stage.fleet, key)) !== null, {
      what: "the object is made",
      deadlineMs: untilMs,
    });
    return held(backupId, "control plane to S3", link);
  },

  "before `completed` is committed": async (stage) => {
    const { backupId, link } = await completing(stage);
    const lock = await lockTable(stage.fleet, "backup_event");
    await link.heal();
    await lock.isWaitedFor();
    return { backupId: async () => backupId, letGo: lock.release };
  },

  "before the object is removed": async (stage) => {
    const { backupId, link } = await deleting(stage);
    return held(backupId, "control plane to S3", link);
  },

  "before `deleted` is committed": async (stage) => {
    const { backupId, link } = await deleting(stage);
    const lock = await lockTable(stage.fleet, "backup_event");
    await link.heal();
    await lock.isWaitedFor();
    return { backupId: async () => backupId, letGo: lock.release };
  },

  "when it is called off in the queue": async (stage) => {
    const { backupId, link } = await queued(stage);
    await stage.caller.cancelBackup({ backupId });
    return held(backupId, "host manager to RabbitMQ", link);
  },

  "when it is called off in mid-upload": async (stage) => {
    const { backupId } = await halfway(stage);
    const link = stage.links["host manager to control plane"];
    link.stall();
    await stage.caller.cancelBackup({ backupId });
    const upload = held(backupId, "packer to S3", stage.links["packer to S3"]);
    return {
      ...held(backupId, "host manager to control plane", link),
      letGo: async () => {
        await Promise.all([link.heal(), upload.letGo()]);
      },
    };
  },

  "with the start of a game in the queue": async (stage) => {
    const link = stage.links["host manager to RabbitMQ"];
    link.stall();
    const session = await startAsked(stage);
    await nothingIsInOutbox(stage);
    return { session, heldBy: "host manager to RabbitMQ", letGo: async () => await link.heal() };
  },

  "with a game started and not reported": async (stage) => {
    const link = stage.links["host manager to RabbitMQ"];
    link.stallRequests();
    const session = await startAsked(stage);
    await tickingIn(session.game);
    return { session, heldBy: "host manager to RabbitMQ", letGo: async () => await link.heal() };
  },

  "with the stop of a game in the queue": async (stage) => {
    const session = await startAsked(stage);
    await untilSession(stage.fleet, session.sessionId, "running");
    const link = stage.links["host manager to RabbitMQ"];
    link.stall();
    await stage.caller.stopSession({ sessionId: session.sessionId });
    await nothingIsInOutbox(stage);
    return { session, heldBy: "host manager to RabbitMQ", letGo: async () => await link.heal() };
  },
};

/** Of the packer that was started last. */
export function packerPid({ hostManager }: Stage): number {
  const started = hostManager.lines.findLast(({ msg }) => msg === "packer started");
  return Number(started?.["packer_pid"]);
}

function held(backupId: bigint, heldBy: LinkName, link: TcpProxy): Reached {
  return { backupId: async () => backupId, heldBy, letGo: async () => await link.heal() };
}

/** The request goes out once the fault has come. */
async function asking(stage: Stage): Promise<Reached> {
  const answer = Promise.withResolvers<bigint>();
  const firstTry = Promise.withResolvers<void>();
  return {
    backupId: async () => await answer.promise,
    missed: firstTry.promise,
    letGo: async () => {
      const asked = begun(stage, "small");
      answer.resolve(asked.answer);
      void asked.firstTry.then(firstTry.resolve);
    },
  };
}

type Asked = { readonly answer: Promise<bigint>; readonly firstTry: Promise<void> };

/** Asks for a backup until there is an answer, as a caller does that has named its request. */
function begun(stage: Stage, size: "small" | "large"): Asked {
  const { sessionId } = stage.games[size];
  const requestId = randomUUID();
  const firstTry = Promise.withResolvers<void>();
  const answer = until(
    async () => {
      try {
        const { backup } = await stage.caller.createBackup({ sessionId, requestId });
        return backup?.backupId;
      } finally {
        firstTry.resolve();
      }
    },
    { what: "the request is answered", deadlineMs: untilMs },
  );
  // Whoever waits for it hears of it; until then nobody does.
  answer.catch(() => {});
  return { answer, firstTry: firstTry.promise };
}

async function ask(stage: Stage, size: "small" | "large"): Promise<bigint> {
  return await begun(stage, size).answer;
}

async function queued(stage: Stage): Promise<{ backupId: bigint; link: TcpProxy }> {
  const link = stage.links["host manager to RabbitMQ"];
  link.stall();
  const backupId = await ask(stage, "small");
  await nothingIsInOutbox(stage);
  return { backupId, link };
}

type Uploading = {
  readonly backupId: bigint;
  readonly key: string;
  readonly link: TcpProxy;
  /** Lets the upload go on, and waits until everything is sent. */
  readonly end: () => Promise<void>;
};

/** The attempt is claimed, and its packer is not heard by the store. */
async function uploading(stage: Stage, size: "small" | "large"): Promise<Uploading> {
  const link = stage.links["packer to S3"];
  const isSent = hostSays(stage, "archive sent");
  link.stall();
  const backupId = await ask(stage, size);
  const { serverGameConfigId } = await untilBackup(
    stage.fleet,
    backupId,
    "is running",
    ({ status }) => status === "running",
  );
  await until(() => link.holdsSomething, { what: "the packer speaks", deadlineMs: untilMs });
  return {
    backupId,
    key: `backups/${serverGameConfigId}/${backupId}.tar.gz`,
    link,
    end: async () => {
      await link.heal();
      await isSent();
    },
  };
}

async function halfway(stage: Stage): Promise<{ backupId: bigint; link: TcpProxy }> {
  const link = stage.links["packer to S3"];
  link.stallAfter(haltAfterBytes);
  const backupId = await ask(stage, "large");
  await until(() => link.isStalled, { what: "the upload is halfway", deadlineMs: untilMs });
  return { backupId, link };
}

/** The report is in, and the control plane is not heard by the store. */
async function completing(stage: Stage): Promise<Uploading> {
  const link = stage.links["control plane to S3"];
  const sending = await uploading(stage, "small");
  link.stall();
  await sending.end();
  await comesTo(stage, sending.backupId, "1 verifying");
  await until(() => link.holdsSomething, {
    what: "the control plane speaks to the store",
    deadlineMs: untilMs,
  });
  return { ...sending, link };
}

async function deleting(stage: Stage): Promise<{ backupId: bigint; link: TcpProxy }> {
  const link = stage.links["control plane to S3"];
  const backupId = await ask(stage, "small");
  await endedBackup(stage.fleet, backupId);
  link.stall();
  await stage.caller.deleteBackup({ backupId });
  await until(() => link.holdsSomething, {
    what: "the control plane speaks to the store",
    deadlineMs: untilMs,
  });
  return { backupId, link };
}

async function startAsked(stage: Stage): Promise<{ sessionId: bigint; game: Game }> {
  const game = await deployedGame(stage.fleet);
  await makeWorld(game, 1_000);
  const { session } = await stage.caller.startSession({ serverGameConfigId: game.sgcId });
  return { sessionId: session?.sessionId ?? 0n, game };
}

/** To be called before it can have said so. */
function hostSays({ hostManager }: Stage, message: string): () => Promise<void> {
  const from = hostManager.lines.length;
  return async () => {
    await hostManager.said(message, from);
  };
}

async function comesTo({ fleet }: Stage, backupId: bigint, step: string): Promise<void> {
  await until(async () => (await historyOf(fleet, backupId)).includes(step), {
    what: `backup ${backupId} comes to ${step}`,
    deadlineMs: untilMs,
  });
}

async function uploadIsOpen({ fleet }: Stage): Promise<void> {
  await until(async () => (await openUploads(fleet)).length > 0, {
    what: "an upload is open",
    deadlineMs: untilMs,
  });
}

async function nothingIsInOutbox(stage: Stage): Promise<void> {
  await until(async () => (await commandsInOutbox(stage)) === 0, {
    what: "the outbox is empty",
    deadlineMs: untilMs,
  });
}

async function commandsInOutbox({ fleet }: Stage): Promise<number> {
  return (await fleet.query("select from outbox")).length;
}

function expectOne(commands: number): void {
  if (commands !== 1) throw new Error(`${commands} commands are in the outbox, not one`);
}
