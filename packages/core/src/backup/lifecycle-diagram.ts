// Draws the lifecycle table, so that the picture in the docs cannot differ from what the code does.
import { backupStatuses, endedBy, following, holdsOperation } from "./lifecycle.ts";

/** A Mermaid state diagram of the backup lifecycle. */
export function lifecycleDiagram(): string {
  const arrows = backupStatuses.flatMap((from) =>
    following(from).map((to) => `    ${from} --> ${to}`),
  );
  return ["stateDiagram-v2", "    [*] --> pending", ...arrows, "    deleted --> [*]"].join("\n");
}

/** A Markdown table: state, whether it holds the operation lock, who ends it when its owner dies. */
export function lifecycleTable(): string {
  const rows = backupStatuses.map(
    (status) =>
      `| \`${status}\` | ${holdsOperation(status) ? "yes" : "no"} | ${endedBy(status) ?? "nobody: it may last"} |`,
  );
  return [
    "| state | holds the operation lock | who ends it when its owner dies |",
    "| --- | --- | --- |",
    ...rows,
  ].join("\n");
}
