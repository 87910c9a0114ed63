// What the table of fault points must cover, and that what runs and repeats it tells the truth.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  hows,
  isLink,
  linkNames,
  moments,
  programNames,
  serverNames,
  type MomentName,
} from "../fault/points/fault-point.ts";
import { faultPoints, groupNames, groupOf, stories } from "../fault/points/fault-points.ts";
import { tallyPoints } from "../fault/points/point-tally.ts";
import {
  all,
  nameOf,
  selected,
  selectionFrom,
  selectionToEnvironment,
  titleOf,
} from "../fault/points/selection.ts";

const faultFolder = join(import.meta.dirname, "../fault");
const names = [...faultPoints, ...stories].map(({ name }) => name);

test("there are at least 60 points, and no two have one name", () => {
  expect(faultPoints.length).toBeGreaterThanOrEqual(60);
  expect(new Set(names).size).toBe(names.length);
});

test("every moment is met by a fault of each of its two sides, or of the way between them", () => {
  for (const moment of Object.keys(moments) as MomentName[]) {
    const parts = new Set(
      faultPoints.filter((point) => point.moment === moment).map(({ part }) => part),
    );
    expect([moment, parts.size >= 2]).toEqual([moment, true]);
  }
});

test.each(linkNames)("the way from %s is cut and falls silent", (link) => {
  expect(howsOf(link)).toEqual(["falls silent", "is cut"]);
});

test.each([...programNames, ...serverNames])("%s is killed and frozen", (part) => {
  expect(howsOf(part)).toEqual(expect.arrayContaining(["is frozen", "is killed"]));
});

test("every server, and every program that lasts, is restarted as an operator does it", () => {
  const restarted = faultPoints.filter(({ how }) => how === "is restarted").map(({ part }) => part);
  expect([...new Set(restarted)].toSorted()).toEqual(
    ["PostgreSQL", "RabbitMQ", "S3", "control plane", "host manager"].toSorted(),
  );
});

test("ways are cut and silent, parts are killed, restarted and frozen, and nothing else", () => {
  const ofWays = new Set<string>(["is cut", "falls silent"]);
  for (const { part, how } of faultPoints) {
    expect(Object.keys(hows)).toContain(how);
    expect(ofWays.has(how)).toBe(isLink(part));
  }
});

test("every kind of fault lasts longer than a lease somewhere", () => {
  const long = faultPoints.filter(({ lasts }) => lasts === "longer than a lease");
  expect([...new Set(long.map(({ how }) => how))].toSorted()).toEqual(
    ["falls silent", "is cut", "is frozen", "is killed"].toSorted(),
  );
});

test("every group has its points and the file that runs them", async () => {
  for (const group of groupNames) {
    expect(faultPoints.some((point) => groupOf(point) === group)).toBe(true);
    const text = await readFile(join(faultFolder, `${group}-points.test.ts`), "utf8");
    expect(text).toContain(`testPoints("${group}",`);
  }
});

test("every story of the table is told in its file", async () => {
  for (const { name, file } of stories) {
    const text = await readFile(join(faultFolder, file), "utf8");
    expect(text.replaceAll(/\(\s+/g, "(")).toContain(`story("${name}"`);
  }
});

test("three shards hold every point once, and differ by no more than one", () => {
  const shards = [1, 2, 3].map((number) =>
    selected([...faultPoints, ...stories], { ...all, shard: { number, of: 3 } }),
  );
  expect(shards.flat().length).toBe(names.length);
  expect(new Set(shards.flat()).size).toBe(names.length);
  const sizes = shards.map(({ length }) => length);
  expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
});

test("a selection survives the environment, and without one everything runs once", () => {
  const selection = { repeat: 5, shard: { number: 2, of: 3 }, only: /mid-upload|lease/i };
  expect(selectionFrom(selectionToEnvironment(selection))).toEqual(selection);
  expect(selectionFrom({})).toEqual({ repeat: 1, shard: { number: 1, of: 1 }, only: null });
});

test("a point is found in its title again, whatever the round", () => {
  expect([titleOf("S3 is killed", 1), titleOf("S3 is killed", 3)]).toEqual([
    "S3 is killed",
    "S3 is killed (round 3)",
  ]);
  expect([1, 3].map((round) => nameOf(titleOf("S3 is killed", round)))).toEqual([
    "S3 is killed",
    "S3 is killed",
  ]);
});

test("passes, failures and runs that never came are counted, with their reasons", () => {
  const report = {
    testResults: [
      { assertionResults: [ran("a", "passed", 1_500), ran("a (round 2)", "passed", 2_500)] },
      { assertionResults: [ran("b", "passed", 1_000), ran("b (round 2)", "failed", 0, ["x\ny"])] },
      { assertionResults: [ran("c", "passed", 3_000)] },
    ],
  };
  expect(tallyPoints(["a", "b", "c"], 2, report)).toEqual([
    { name: "a", passed: 2, failed: 0, secondsMost: 2.5, reasons: [] },
    { name: "b", passed: 1, failed: 1, secondsMost: 1, reasons: ["x"] },
    { name: "c", passed: 1, failed: 1, secondsMost: 3, reasons: ["did not run 1 of 2 times"] },
  ]);
  expect(tallyPoints(["a"], 1, undefined)).toEqual([
    { name: "a", passed: 0, failed: 1, secondsMost: 0, reasons: ["did not run 1 of 1 times"] },
  ]);
});

function howsOf(part: string): readonly string[] {
  const found = faultPoints.filter((point) => point.part === part).map(({ how }) => how);
  return [...new Set(found)].toSorted();
}

function ran(
  title: string,
  status: string,
  duration: number,
  failureMessages: readonly string[] = [],
) {
  return { title, status, duration, failureMessages };
}
