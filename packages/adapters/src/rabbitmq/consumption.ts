// Consumes one queue for ever: subscribes again after every loss, with a wait between.
import { setTimeout as sleep } from "node:timers/promises";
import { backoffMs } from "@manman/core/backoff.ts";
import { Fault } from "@manman/core/fault.ts";
import type { ChannelModel } from "amqplib";
import { brokerFault } from "./broker-fault.ts";
import type { BrokerLink } from "./broker-link.ts";
import { subscribe, type Subscription } from "./subscription.ts";

export type RunningConsumption = {
  /** Resolves once consuming has begun; rejects when it cannot begin, and is over then. */
  readonly begun: Promise<void>;
  /** Why nothing is consumed at present; null while something is. */
  readonly trouble: () => Fault | null;
  /** Lets the messages in hand finish, for a bounded time. */
  readonly close: () => Promise<void>;
};

export function startConsumption(
  link: BrokerLink<ChannelModel>,
  subscription: Subscription,
): RunningConsumption {
  const context = `consume ${subscription.queue.name}`;
  const closing = new AbortController();
  const begun = Promise.withResolvers<void>();
  let hasBegun = false;
  let trouble: Fault | null = new Fault("away", `${context}: not begun yet`);

  const report = (fault: Fault | null): void => {
    trouble = fault;
    if (fault === null) {
      hasBegun = true;
      begun.resolve();
    } else if (fault.kind === "rejected" && !hasBegun) {
      // The first no is for the caller to hear. A later one waits until somebody has mended what it is about.
      closing.abort();
      begun.reject(fault);
    }
  };
  const ended = consumeForEver(link, subscription, context, closing.signal, report);

  return {
    begun: begun.promise,
    trouble: () => trouble,
    close: async () => {
      closing.abort();
      begun.reject(new Fault("away", `${context}: closed`));
      await ended;
    },
  };
}

async function consumeForEver(
  link: BrokerLink<ChannelModel>,
  subscription: Subscription,
  context: string,
  closing: AbortSignal,
  report: (trouble: Fault | null) => void,
): Promise<void> {
  const { limits, handling } = subscription;
  for (let failures = 1; !closing.aborted; failures += 1) {
    const begunAt = performance.now();
    const why = await subscribeOnce(link, subscription, closing, () => report(null)).then(
      (reason) => new Fault("away", `${context}: interrupted`, reason),
      (error: unknown) => brokerFault(context, error),
    );
    report(why);
    if (performance.now() - begunAt > limits.steadyMs) failures = 1;
    const { mostMs } = limits.reconnect;
    const waitMs =
      why.kind === "rejected" ? mostMs : backoffMs(failures, limits.reconnect, handling.random());
    await sleep(waitMs, undefined, { signal: closing }).catch(() => {});
  }
}

async function subscribeOnce(
  link: BrokerLink<ChannelModel>,
  subscription: Subscription,
  closing: AbortSignal,
  onBegun: () => void,
): Promise<Error> {
  return await subscribe(await link.eventually(closing), subscription, closing, onBegun);
}
