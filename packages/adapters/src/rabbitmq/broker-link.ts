// One connection to the broker that mends itself for ever: the program never ends, and never hangs, because the broker went away.
import { setTimeout as sleep } from "node:timers/promises";
import { backoffMs } from "@manman/core/backoff.ts";
import { Fault } from "@manman/core/fault.ts";
import { connect, type ChannelModel } from "amqplib";
import { brokerFault } from "./broker-fault.ts";
import type { RabbitLimits } from "./rabbit-limits.ts";
import { atMost, within } from "../deliveries/within.ts";

export type BrokerLinkConfig<Session> = {
  readonly url: string;
  /** Shown in the broker's list of connections, and in faults. */
  readonly name: string;
  /** Makes a new connection ready: declares what is needed and opens what is kept open. `reset` ends the connection. */
  readonly prepare: (connection: ChannelModel, reset: (why: Error) => void) => Promise<Session>;
  readonly random: () => number;
  readonly limits: RabbitLimits;
  readonly onChange: () => void;
};

export type BrokerLink<Session> = {
  readonly isUp: () => boolean;
  /** Why the broker takes no messages on this connection at present (it is short of memory or disk); null when it does. */
  readonly blockedBy: () => string | null;
  /** What was prepared on the present connection. Waits for one for a bounded time; throws the fault that stands in the way. */
  readonly session: () => Promise<Session>;
  /** The same, for as long as it takes. Throws only when the link is closed or `signal` comes. */
  readonly eventually: (signal: AbortSignal) => Promise<Session>;
  readonly close: () => Promise<void>;
};

export function openBrokerLink<Session>(config: BrokerLinkConfig<Session>): BrokerLink<Session> {
  const { limits, name } = config;
  const closing = new AbortController();
  let state: State<Session> = down(away(name, "not connected yet"));

  const enter = (next: State<Session>): void => {
    const before = state;
    state = next;
    before.change.resolve();
    if (before.session !== null || next.session !== null) config.onChange();
  };
  const ended = keepConnected(config, closing.signal, enter);

  const eventually = async (signal: AbortSignal): Promise<Session> => {
    while (state.session === null) {
      if (signal.aborted || closing.signal.aborted) throw state.why ?? away(name, "closed");
      await changeOrAbort(state.change.promise, signal);
    }
    return state.session;
  };

  return {
    isUp: () => state.session !== null,
    blockedBy: () => state.blocked.by,
    eventually,
    session: async () => {
      if (state.session !== null) return state.session;
      // What somebody has to mend first does not come in time.
      if (state.why?.kind === "rejected") throw state.why;
      return await eventually(AbortSignal.timeout(limits.absenceMs));
    },
    close: async () => {
      closing.abort();
      await ended;
    },
  };
}

type State<Session> = {
  /** Null while there is no connection. */
  readonly session: Session | null;
  /** Why there is none. */
  readonly why: Fault | null;
  readonly blocked: { by: string | null };
  /** Resolves when another state takes over. */
  readonly change: PromiseWithResolvers<void>;
};

function down<Session>(why: Fault): State<Session> {
  return { session: null, why, blocked: { by: null }, change: Promise.withResolvers<void>() };
}

/** Connects, waits until the connection ends, and connects again, until `closing` comes. */
async function keepConnected<Session>(
  config: BrokerLinkConfig<Session>,
  closing: AbortSignal,
  enter: (state: State<Session>) => void,
): Promise<void> {
  const { limits, name, random } = config;
  for (let failures = 1; !closing.aborted; failures += 1) {
    const connectedAt = performance.now();
    const why = await connectOnce(config, closing, enter).catch((error: unknown) => {
      return brokerFault(name, error);
    });
    enter(down(why));
    if (performance.now() - connectedAt > limits.steadyMs) failures = 1;
    // Someone has to mend it first: asking more often helps nobody.
    const waitMs =
      why.kind === "rejected"
        ? limits.reconnect.mostMs
        : backoffMs(failures, limits.reconnect, random());
    await sleep(waitMs, undefined, { signal: closing }).catch(() => {});
  }
}

/** Why the connection ended, once it has. Throws when there was none. */
async function connectOnce<Session>(
  config: BrokerLinkConfig<Session>,
  closing: AbortSignal,
  enter: (state: State<Session>) => void,
): Promise<Fault> {
  const { limits, name } = config;
  const connection = await openConnection(config.url, name, limits);
  const { promise: ended, resolve: end, blocked } = watch(connection);
  const close = (): void => end(new Error("closed by us"));
  closing.addEventListener("abort", close);
  try {
    if (closing.aborted) close();
    const preparing = config.prepare(connection, end);
    const session = await within(limits.connectMs, preparing, () => away(name, "no answer"));
    enter({ session, why: null, blocked, change: Promise.withResolvers<void>() });
    return new Fault("away", `${name}: the connection ended`, await ended);
  } finally {
    closing.removeEventListener("abort", close);
    await closeConnection(connection, limits);
  }
}

async function openConnection(
  url: string,
  name: string,
  limits: RabbitLimits,
): Promise<ChannelModel> {
  const address = new URL(url);
  address.searchParams.set("heartbeat", String(limits.heartbeatSeconds));
  const connecting = connect(address.href, {
    timeout: limits.connectMs,
    noDelay: true,
    keepAlive: true,
    clientProperties: { connection_name: name },
  });
  try {
    return await within(limits.connectMs, connecting, () => away(name, "no answer"));
  } catch (error) {
    // One that comes about after all is of no use any more.
    void connecting.then(destroySocket, () => {});
    throw error;
  }
}

type End = PromiseWithResolvers<Error> & { readonly blocked: { by: string | null } };

/** Resolves when the connection has ended, whoever ended it; must be called before anything can happen on it. */
function watch(connection: ChannelModel): End {
  const end = { ...Promise.withResolvers<Error>(), blocked: { by: null as string | null } };
  connection.on("error", (error) => end.resolve(error));
  connection.on("close", (error) => end.resolve(error ?? new Error("closed")));
  connection.on("blocked", (reason) => {
    end.blocked.by = reason;
  });
  connection.on("unblocked", () => {
    end.blocked.by = null;
  });
  return end;
}

/** Politely first. A peer that has fallen silent never answers, and its socket would keep the process alive. */
async function closeConnection(connection: ChannelModel, limits: RabbitLimits): Promise<void> {
  await atMost(limits.closeMs, connection.close());
  destroySocket(connection);
}

function destroySocket(connection: ChannelModel): void {
  const { stream } = connection.connection as unknown as { stream: { destroy: () => void } };
  stream.destroy();
}

function away(name: string, words: string): Fault {
  return new Fault("away", `${name}: ${words}`);
}

/** Leaves nothing behind on a signal that outlives many waits. */
async function changeOrAbort(change: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = (): void => resolve();
  signal.addEventListener("abort", done);
  void change.then(() => resolve());
  await promise;
  signal.removeEventListener("abort", done);
}
