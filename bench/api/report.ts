// The report of a run as Markdown tables, which read well in a terminal and stand in RESULTS.md as they are.
import type { Options } from "./command-line.ts";
import type { Spread } from "./figures.ts";
import { inFlight } from "./load.ts";
import type { MachineFacts } from "./machine-facts.ts";
import type { PartName } from "./parts.ts";
import type { Aimed, Summary } from "./summary.ts";

export function reportOf(summary: Summary, facts: MachineFacts, options: Options): string {
  const many = options.records.toLocaleString("en");
  const names: Record<PartName, string> = {
    echo: "floor: gRPC echo",
    insert: "floor: gRPC and one INSERT",
    create: `CreateBackup, ${many} records`,
    "list-game-few": "ListBackups of one game, 1,000 records",
    "list-game-many": `ListBackups of one game, ${many} records`,
    "list-all-few": "ListBackups of all games, 1,000 records",
    "list-all-many": `ListBackups of all games, ${many} records`,
    "get-many": `GetBackup, ${many} records`,
  };
  const parts = Object.entries(names).map(([name, title]) => {
    const part = summary.parts[name as PartName];
    return [
      title,
      Math.round(part.callsPerSecond).toLocaleString("en"),
      part.p50Ms.toFixed(1),
      part.p99Ms.toFixed(1),
      String(Math.round(part.serverCpuMicros)),
    ];
  });
  const ratios = [
    ["rate of CreateBackup / echo", ...spreadCells(summary.createToEcho, 2), ""],
    ["rate of CreateBackup / INSERT", ...aimedCells(summary.createToInsert, 2, "at least")],
    [`page of one game, ${many} / 1,000 records`, ...aimedCells(summary.listGame, 2, "at most")],
    [`page of all games, ${many} / 1,000 records`, ...aimedCells(summary.listAll, 2, "at most")],
    [
      "commands published when CreateBackup's part ended",
      ...spreadCells(summary.relayedShare, 2),
      "",
    ],
  ];
  const delays = [
    ["host has the command, p50", ...spreadCells(summary.receivedP50Ms, 1), ""],
    ["host has the command, p99", ...spreadCells(summary.receivedP99Ms, 1), ""],
    ["claim is answered, p50", ...aimedCells(summary.claimedP50Ms, 1, "at most")],
    ["claim is answered, p99", ...spreadCells(summary.claimedP99Ms, 1), ""],
  ];
  const spread = ["median", "least", "most", "aim"];
  return [
    `${inFlight} calls in flight; medians of ${options.rounds} interleaved rounds, ${options.seconds} s a part`,
    table(["", "calls/s", "p50 ms", "p99 ms", "server CPU, µs a call"], parts),
    "Ratios within a round",
    table(["", ...spread], ratios),
    "From CreateBackup's answer, one backup at a time, in ms",
    table(["", ...spread], delays),
    "Measured on",
    table(["", ""], Object.entries(facts)),
  ].join("\n\n");
}

function spreadCells({ median, least, most }: Spread, digits: number): string[] {
  return [median, least, most].map((value) => value.toFixed(digits));
}

function aimedCells(aimed: Aimed, digits: number, bound: "at least" | "at most"): string[] {
  const verdict = aimed.isMet ? "met" : "missed";
  return [...spreadCells(aimed, digits), `${bound} ${aimed.aim}: ${verdict}`];
}

/** A Markdown table: the first column to the left, figures to the right. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(3, title.length, ...rows.map((row) => (row[column] ?? "").length)),
  );
  const isText = (column: number): boolean =>
    column === 0 || head[column] === "" || head[column] === "aim";
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, at) => (isText(at) ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join(" | ")} |`;
  const rule = widths.map((width, at) =>
    isText(at) ? "-".repeat(width) : `${"-".repeat(width - 1)}:`,
  );
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}
