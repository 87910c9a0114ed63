// Makes the tests: those of a group from the table, and those of the stories, which stand in their files.
import { afterAll, test } from "vitest";
import { tellLogOfFailure } from "../../harness/fleet.ts";
import { faultPoints, groupOf, stories, type GroupName } from "./fault-points.ts";
import { runPoint } from "./run-point.ts";
import { selected, selectionFrom, titleOf } from "./selection.ts";
import { Stage, type StageOptions } from "./stage.ts";

const selection = selectionFrom(process.env);
const rounds = Array.from({ length: selection.repeat }, (_, at) => at + 1);
const names = new Set(selected([...faultPoints, ...stories], selection).map(({ name }) => name));

/** One test for each point of the group, on one stage; after a failure the next point gets a new one. */
export function testPoints(group: GroupName, options: StageOptions): void {
  let stage: Stage | undefined;
  const close = async (): Promise<void> => {
    const closing = stage;
    stage = undefined;
    await closing?.close();
  };
  afterAll(close);
  const ofGroup = faultPoints.filter((point) => groupOf(point) === group);
  const runs = ofGroup.flatMap((point) =>
    titlesOf(point.name).map((title) => [title, point] as const),
  );
  test.each(runs)("%s", async (_title, point) => {
    stage ??= await Stage.open(options);
    tellLogOfFailure(stage.fleet);
    try {
      await runPoint(stage, point);
    } catch (error) {
      await close();
      throw error;
    }
  });
}

/** A point that is told by hand; its name stands in the table. */
export function story(name: string, tell: () => Promise<void>): void {
  if (!stories.some((one) => one.name === name)) throw new Error(`"${name}" is not in the table`);
  test.each(titlesOf(name))("%s", async () => {
    await tell();
  });
}

function titlesOf(name: string): readonly string[] {
  return names.has(name) ? rounds.map((round) => titleOf(name, round)) : [];
}
