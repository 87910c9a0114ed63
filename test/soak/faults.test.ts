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
  const [first, again, other] = [1, 1, 2].map((seed) =>
    drawn("everything", seed).map(({ words }) => words),
  );
  expect(again).toEqual(first);
  expect(other).not.toEqual(first);
});

test("every kind is drawn, and with cuts only no other than cuts", () => {
  const [cuts, everything] = (["cuts", "everything"] as const).map(
    (which) => new Set(drawn(which, 1).map(({ kind }) => kind)),
  );
  expect(cuts).toEqual(new Set(["link cut", "link stalled"]));
  expect(everything).toEqual(
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
