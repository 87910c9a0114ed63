// What the log hears of a part that comes and goes.
import { Fault } from "@manman/core/fault.ts";
import { expect, test } from "vitest";
import { PartWatch } from "./part-watch.ts";
import { recordedLog } from "./recorded-log.ts";

const refused = new Fault("away", "connection refused");

function watched() {
  const { log, lines } = recordedLog();
  const watch = new PartWatch("the broker", log);
  return { watch, said: () => lines.map(({ level, sentence }) => `${level}: ${sentence}`) };
}

test("an outage is told when it begins and when it is over, once each", () => {
  const { watch, said } = watched();
  for (const trouble of [null, refused, refused, refused, null, null]) watch.note(trouble);
  expect(said()).toEqual(["warn: the broker does not answer", "info: the broker answers again"]);
});

test("each outage is told anew", () => {
  const { watch, said } = watched();
  for (const trouble of [null, refused, null, refused]) watch.note(trouble);
  expect(said()).toEqual([
    "warn: the broker does not answer",
    "info: the broker answers again",
    "warn: the broker does not answer",
  ]);
});

test("a start at which the first look comes too early says nothing", () => {
  const { watch, said } = watched();
  watch.note(refused);
  expect(watch.isAway).toBe(true);
  watch.note(null);
  expect(watch.isAway).toBe(false);
  expect(said()).toEqual([]);
});

test("a part that is not there at the start is told at the second look", () => {
  const { watch, said } = watched();
  watch.note(refused);
  watch.note(refused);
  watch.note(refused);
  expect(said()).toEqual(["warn: the broker does not answer"]);
});
