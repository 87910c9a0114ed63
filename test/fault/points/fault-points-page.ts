// The table of fault points as a page of the docs.
import { hows, moments, partWords, type Ending, type FaultPoint } from "./fault-point.ts";
import { faultPoints, groupOf, stories } from "./fault-points.ts";

export function faultPointsPage(): string {
  return `# Fault points

Generated from \`test/fault/points/fault-points.ts\` by \`npm run generate:docs\`; the quick gate fails when it differs.

${faultPoints.length} points, at each of which a part of the backup system is taken away at a known moment and given back, and ${stories.length} faults that are
told by hand. All of them run on real processes and servers (PostgreSQL, with fsync where it is what dies, RabbitMQ, Ceph's gateway), once in \`npm test\`, and as often as you like with

    npm run test:fault -- --repeat 5 --shard 1/3
    npm run test:fault -- --only "mid-upload" --list

After every point the backup has ended as the table says; a completed one has one object, with the recorded size and digest, which \`gzip\` and \`tar\` read to its end; no other
object and no open upload is in the bucket; no operation lock, command, report or dead letter is left; no program has ended by itself; and every game has ticked on in the
process that it began in, without a gap.

## What happens to a part

| fault | how |
| --- | --- |
${Object.entries(hows)
  .map(([how, words]) => `| ${how} | ${words} |`)
  .join("\n")}

"For longer than a lease" means until the lease that was running is over. Otherwise the part comes back as soon as it was missed.

## At which moment

| moment | between | what has happened by then |
| --- | --- | --- |
${Object.entries(moments)
  .map(([moment, { between, when }]) => `| ${moment} | ${between} | ${when} |`)
  .join("\n")}

## The points

${sections()}

## Told by hand

${stories.map(({ name, file }) => `- ${name} (\`test/fault/${file}\`)`).join("\n")}
`;
}

function sections(): string {
  return [...Map.groupBy(faultPoints, ({ moment }) => moment)]
    .map(([moment, points]) => {
      const lines = points.map(
        (point) => `| ${faultOf(point)} | ${endingWords(point.ending)} | ${groupOf(point)} |`,
      );
      return `### ${moment}\n\n| fault | ends | file |\n| --- | --- | --- |\n${lines.join("\n")}`;
    })
    .join("\n\n");
}

function faultOf({ part, how, lasts }: FaultPoint): string {
  const words = `${partWords(part)} ${how}`;
  return lasts === "briefly" ? words : `${words} for longer than a lease`;
}

function endingWords(ending: Ending): string {
  switch (ending.status) {
    case "completed":
      return ending.attemptsMax === 1
        ? "completed in the first attempt"
        : `completed in attempt ${ending.attemptsMin} (${ending.attemptsMax} at most)`;
    case "running":
      return "one game runs";
    case "stopped":
      return "no game runs";
    case "cancelled":
    case "deleted":
      return ending.status;
  }
}
