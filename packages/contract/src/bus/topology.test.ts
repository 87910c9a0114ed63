// The declarations, spelt out: a broker refuses a queue whose arguments have changed.
import { expect, test } from "vitest";
import {
  deadLetterExchange,
  deadLetterQueue,
  exchange,
  hostQueue,
  reportsQueue,
} from "./topology.ts";

test("the exchange is the wire contract's", () => {
  expect(exchange).toEqual({ name: "manman", type: "topic" });
});

test("a host's queue is the wire contract's, replicated and dead-lettered without loss", () => {
  expect(hostQueue(7n)).toEqual({
    name: "host-7-commands",
    arguments: {
      "x-queue-type": "quorum",
      "x-dead-letter-exchange": "manman.dead-letters",
      "x-dead-letter-strategy": "at-least-once",
      "x-overflow": "reject-publish",
      "x-max-length": 10_000,
      "x-delivery-limit": 1_000_000,
    },
    bindings: [{ exchange: "manman", pattern: "command.host.7.#" }],
  });
});

test("the reports queue takes every report", () => {
  expect(reportsQueue).toEqual({
    name: "manman-reports",
    arguments: {
      "x-queue-type": "quorum",
      "x-dead-letter-exchange": "manman.dead-letters",
      "x-dead-letter-strategy": "at-least-once",
      "x-overflow": "reject-publish",
      "x-max-length": 1_000_000,
      "x-delivery-limit": 1_000_000,
    },
    bindings: [
      { exchange: "manman", pattern: "status.#" },
      { exchange: "manman", pattern: "health.#" },
    ],
  });
});

test("dead letters are kept, bounded, and go nowhere else", () => {
  expect(deadLetterExchange).toEqual({ name: "manman.dead-letters", type: "fanout" });
  expect(deadLetterQueue).toEqual({
    name: "manman-dead-letters",
    arguments: {
      "x-queue-type": "quorum",
      "x-overflow": "drop-head",
      "x-max-length": 100_000,
      "x-delivery-limit": 1_000_000,
    },
    bindings: [{ exchange: "manman.dead-letters", pattern: "#" }],
  });
});
