// Writes the parts of the docs that follow from tables in the code; `--check` fails when a committed one differs.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { lifecycleDiagram, lifecycleTable } from "@manman/core/backup/lifecycle-diagram.ts";

const path = join(import.meta.dirname, "../docs/lifecycle.md");

const page = `# The life of a backup

Generated from \`packages/core/src/backup/lifecycle.ts\` by \`npm run generate:docs\`; the quick gate fails when it differs.

\`\`\`mermaid
${lifecycleDiagram()}
\`\`\`

${lifecycleTable()}

\`verifying\` is the control plane's own state: over the API it reads \`running\`.
`;

if (process.argv.includes("--check")) {
  if ((await readFile(path, "utf8")) !== page) {
    console.error("docs/lifecycle.md differs from the code: run `npm run generate:docs`");
    process.exitCode = 1;
  }
} else {
  await writeFile(path, page);
}
