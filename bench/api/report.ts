// The report of a run as Markdown tables, which read well in a terminal and stand in RESULTS.md as they are.
import type { Options } from "./command-line.ts";
import type { Spread } from "./figures.ts";
import { inFlight } from "./load.ts";
import type { MachineFacts } from "./machine-facts.ts";
import type { PartName } from "./parts.ts";
import type { Aimed, Summary } from "./summary.ts";

/** While the echo is measured nothing of ours but its two processes has work to do; more than this share is somebody else's. */
const strangersShareMax = 0.1;

export function reportOf(summary: Summary, facts: MachineFacts, options: Options): string {
  const { rounds, seconds } = options;
  const many = options.records.toLocaleString("en");
  const spread = ["median", "least", "most", "aim"];
  const strangersShare = summary.parts.echo.othersShare;
  const paragraphs = [
    ...(strangersShare > strangersShareMax
      ? [
          `The machine was busy with something else: ${percent(strangersShare)} of its CPU time while the echo was measured. ` +
            "These figures say little; measure again on a quiet machine.",
        ]
      : []),
    `${inFlight} calls in flight; medians of ${rounds} interleaved rounds, ${seconds} s a part. CPU time is in µs a call; ` +
      "others is the share of all cores that went to RabbitMQ, the kernel and strangers.",
    table(
      ["", "calls/s", "p50 ms", "p99 ms", "CPU: server", "PostgreSQL", "caller", "others"],
      partRows(summary, many),
    ),
    "Ratios, each within a round:",
    table(["", ...spread], ratioRows(summary, many)),
    "From CreateBackup's answer, one backup at a time, in ms:",
    table(["", ...spread], delayRows(summary)),
    "Measured on:",
    table(["", ""], Object.entries(facts)),
  ];
  return paragraphs.join("\n\n");
}

function partRows({ parts }: Summary, many: string): string[][] {
  const titles: Record<PartName, string> = {
    echo: "floor: gRPC echo",
    insert: "floor: gRPC and one INSERT",
    create: `CreateBackup, ${many} records`,
    "list-game-few": "ListBackups of one game, 1,000 records",
    "list-game-many": `ListBackups of one game, ${many} records`,
    "list-all-few": "ListBackups of all games, 1,000 records",
    "list-all-many": `ListBackups of all games, ${many} records`,
    "get-many": `GetBackup, ${many} records`,
  };
  return Object.entries(titles).map(([name, title]) => {
    const { callsPerSecond, p50Ms, p99Ms, cpuMicros, othersShare } = parts[name as PartName];
    const { server, postgres, load } = cpuMicros;
    return [
      title,
      Math.round(callsPerSecond).toLocaleString("en"),
      p50Ms.toFixed(1),
      p99Ms.toFixed(1),
      ...[server, postgres, load].map((micros) => String(Math.round(micros))),
      percent(othersShare),
    ];
  });
}

function ratioRows(summary: Summary, many: string): string[][] {
  const sizes = `${many} / 1,000 records`;
  return [
    ["rate, CreateBackup / echo", ...spreadCells(summary.createToEcho, 2), ""],
    ["rate, CreateBackup / INSERT", ...aimedCells(summary.createToInsert, 2, "at least")],
    [`p50, a page of one game, ${sizes}`, ...aimedCells(summary.listGame, 2, "at most")],
    [`p50, a page of all games, ${sizes}`, ...aimedCells(summary.listAll, 2, "at most")],
    ["commands published / backups created", ...spreadCells(summary.relayedShare, 2), ""],
  ];
}

function delayRows(summary: Summary): string[][] {
  return [
    ["the host has the command, p50", ...spreadCells(summary.receivedP50Ms, 1), ""],
    ["the host has the command, p99", ...spreadCells(summary.receivedP99Ms, 1), ""],
    ["its claim is answered, p50", ...aimedCells(summary.claimedP50Ms, 1, "at most")],
    ["its claim is answered, p99", ...spreadCells(summary.claimedP99Ms, 1), ""],
  ];
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}

function spreadCells({ median, least, most }: Spread, digits: number): string[] {
  return [median, least, most].map((value) => value.toFixed(digits));
}

function aimedCells(aimed: Aimed, digits: number, bound: "at least" | "at most"): string[] {
  const verdict = aimed.isMet ? "met" : "missed";
  return [...spreadCells(aimed, digits), `${bound} ${aimed.aim}: ${verdict}`];
}

/** A Markdown table: words to the left, figures to the right. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, ...rows];
  const columns = head.map((title, at) => ({
    isWords: title === "" || title === "aim",
    width: Math.max(3, ...lines.map((cells) => cells[at]?.length ?? 0)),
  }));
  const rule = columns.map(({ isWords, width }) =>
    isWords ? "-".repeat(width) : `${"-".repeat(width - 1)}:`,
  );
  const [first, ...others] = lines.map((cells) =>
    tableLine(
      columns.map(({ isWords, width }, at) => {
        const cell = cells[at] ?? "";
        return isWords ? cell.padEnd(width) : cell.padStart(width);
      }),
    ),
  );
  return [first, tableLine(rule), ...others].join("\n");
}

function tableLine(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}
