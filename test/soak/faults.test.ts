import { expect, test } from "vitest";
import { chanceOf } from "../simulation/chance.ts";
import type { Deployment } from "./deployment.ts";
import { drawnFault, faultKinds } from "./faults.ts";

const named = (...names: string[]) => names.map((name) => ({ name }));
const parts = {
  controlPlanes: named("control-plane-1", "control-plane-2"),
  hostProcesses: named("host-manager", "hosts-1"),
  links: named("hosts-1 to store", "control-plane-1 to database"),
  database: {},
  broker: {},
} as unknown as Deployment;

function drawn(which: keyof typeof faultKinds, seed: number) {
  const chance = chanceOf(seed, "faults");
  return Array.from({ length: 200 }, () => drawnFault(which, parts, chance));
}

test("a seed draws the same faults in the same order, another one others", () => {
  const words = (seed: number) => drawn("everything", seed).map((fault) => fault.words);
  expect(words(1)).toEqual(words(1));
  expect(words(1)).not.toEqual(words(2));
});

test("every kind is drawn, and with cuts only no other than cuts", () => {
  const kinds = (which: keyof typeof faultKinds) =>
    new Set(drawn(which, 1).map(({ kind }) => kind));
  expect(kinds("cuts")).toEqual(new Set(["link cut", "link stalled"]));
  expect(kinds("everything")).toEqual(
    new Set([
      "control plane killed",
      "host process killed",
      "database killed",
      "broker killed",
      "control plane frozen",
      "host process frozen",
      "link cut",
      "link stalled",
    ]),
  );
});
