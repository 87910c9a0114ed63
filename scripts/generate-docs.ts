// Writes the parts of the docs that follow from tables in the code; `--check` fails when a committed one differs.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { lifecycleDiagram, lifecycleTable } from "@manman/core/backup/lifecycle-diagram.ts";
import {
  sessionEndedBy,
  sessionMayFollow,
  sessionStatuses,
} from "@manman/core/session/lifecycle.ts";
import { faultPointsPage } from "../test/fault/points/fault-points-page.ts";

const sessionRows = sessionStatuses.map((status) => {
  const next = sessionStatuses.filter((to) => sessionMayFollow(status, to));
  const names = next.map((name) => `\`${name}\``).join(", ");
  return `| \`${status}\` | ${names} | ${sessionEndedBy(status) ?? "nobody: it may last"} |`;
});

const lifecyclePage = `# The life of a backup

Generated from \`packages/core/src/backup/lifecycle.ts\` by \`npm run generate:docs\`; the quick gate fails when it differs.

\`\`\`mermaid
${lifecycleDiagram()}
\`\`\`

${lifecycleTable()}

\`verifying\` is the control plane's own state: over the API it reads \`running\`.

## The life of a session

Generated from \`packages/core/src/session/lifecycle.ts\`.

| state | may become | who moves it on when its host says nothing |
| --- | --- | --- |
${sessionRows.join("\n")}

The command of a session that has not begun or ended is sent again after \`REDISPATCH_SECONDS\` to a host that is there, each time after twice as long, up to sixteen times
as long. One that no host begins within \`DISPATCH_DEADLINE_HOURS\` has \`crashed\`, and a stop follows its start into the host's queue.
`;

const pages = { "lifecycle.md": lifecyclePage, "fault-points.md": faultPointsPage() };

for (const [name, page] of Object.entries(pages)) {
  const path = join(import.meta.dirname, "../docs", name);
  if (!process.argv.includes("--check")) {
    await writeFile(path, page);
  } else if ((await readFile(path, "utf8")) !== page) {
    console.error(`docs/${name} differs from the code: run \`npm run generate:docs\``);
    process.exitCode = 1;
  }
}
