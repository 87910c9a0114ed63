// The exchanges and queues, in one table. Whoever uses one declares it first, with exactly these arguments: a broker refuses a
// second declaration that differs.
import { hostCommandsPattern, reportPatterns } from "./routing-keys.ts";

/** An exchange, as it is declared; durable. */
export type Exchange = { name: string; type: "topic" | "fanout" };

/** A queue, as it is declared, and what is bound to it; durable. */
export type Queue = {
  name: string;
  arguments: Record<string, string | number>;
  bindings: readonly { exchange: string; pattern: string }[];
};

/** Messages that a host's queue holds at most; beyond them the broker refuses to take more, and the outbox keeps them. */
export const hostQueueMessagesMax = 10_000;

/** Reports that wait for the control plane at most; beyond them the broker refuses to take more, and the hosts keep them. */
export const reportsQueueMessagesMax = 1_000_000;

/** Dead letters that are kept at most; beyond them the oldest go, so that a flood of bad messages cannot stop the good ones. */
export const deadLettersMax = 100_000;

/** Brokers that count deliveries themselves are told to give up after so many: never. */
const deliveriesMax = 1_000_000;

/** The header in which a consumer that gives a message up says why, in one line. */
export const deadLetterReasonHeader = "x-manman-reason";

/** The header in which it says out of which queue. */
export const deadLetterQueueHeader = "x-manman-queue";

/** The header in which it says when, in ISO 8601. */
export const deadLetterTimeHeader = "x-manman-time";

/** Where every command and every report is published. */
export const exchange: Exchange = { name: "manman", type: "topic" };

/** Where messages go that nobody can use; they keep their routing key. */
export const deadLetterExchange: Exchange = { name: "manman.dead-letters", type: "fanout" };

/**
 * Keeps messages that nobody can use, for people to look at. Each look counts as a vain delivery; after a bounded number of them brokers
 * of version 4 would throw the message away, so that the bound is one that is never reached.
 */
export const deadLetterQueue: Queue = {
  name: "manman-dead-letters",
  arguments: {
    "x-queue-type": "quorum",
    "x-overflow": "drop-head",
    "x-max-length": deadLettersMax,
    "x-delivery-limit": deliveriesMax,
  },
  bindings: [{ exchange: deadLetterExchange.name, pattern: "#" }],
};

/** What the hosts report, for any control plane to take. */
export const reportsQueue: Queue = {
  name: "manman-reports",
  arguments: safeQueueArguments(reportsQueueMessagesMax),
  bindings: reportPatterns.map((pattern) => ({ exchange: exchange.name, pattern })),
};

/** The commands for one server: `host-7-commands`. */
export function hostQueue(serverId: bigint): Queue {
  return {
    name: `host-${serverId}-commands`,
    arguments: safeQueueArguments(hostQueueMessagesMax),
    bindings: [{ exchange: exchange.name, pattern: hostCommandsPattern(serverId) }],
  };
}

/**
 * A queue that loses nothing: replicated, with dead letters kept until their queue has them (which the broker only does where a
 * full queue refuses new messages). Brokers that count deliveries themselves (RabbitMQ 4 gives up after 20 by default) are given a
 * limit that is never reached, since the tries are counted by us.
 */
function safeQueueArguments(messagesMax: number): Record<string, string | number> {
  return {
    "x-queue-type": "quorum",
    "x-dead-letter-exchange": deadLetterExchange.name,
    "x-dead-letter-strategy": "at-least-once",
    "x-overflow": "reject-publish",
    "x-max-length": messagesMax,
    "x-delivery-limit": deliveriesMax,
  };
}
