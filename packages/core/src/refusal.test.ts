// Every refusal in one sentence.
import { expect, test } from "vitest";
import {
  alreadyExists,
  failedPrecondition,
  invalidArgument,
  notFound,
  refusalSentence,
  type Refusal,
} from "./refusal.ts";

const twice: Refusal = {
  kind: "invalid-argument",
  violations: [
    { field: "name", problem: "must not be empty" },
    { field: "port_bindings[0].protocol", problem: "must be tcp or udp" },
  ],
};

test.each<[string, Refusal]>([
  [
    "page_size: must be between 0 and 100",
    invalidArgument("page_size", "must be between 0 and 100"),
  ],
  ["name: must not be empty; port_bindings[0].protocol: must be tcp or udp", twice],
  ["there is no server game config 42", notFound("server game config", 42n)],
  ["session 1 is stopped", failedPrecondition("session 1 is stopped")],
  ["backup 4 is under way", alreadyExists("backup 4 is under way")],
])("%s", (sentence, refusal) => {
  expect(refusalSentence(refusal)).toBe(sentence);
});
