// Puts what was measured into tables: times, sizes, and the ratios that are aimed at, each within a round.
import { ratiosByRound, spreadOf } from "../api/figures.ts";
import type { Measured } from "./measure-world.ts";

export function reportOf(
  measured: readonly Measured[],
  missing: readonly string[],
  facts: string,
  rounds: number,
): string {
  const tables = measured.map(tableOf);
  const absent = missing.map((line) => `Not measured: ${line}`);
  return [`Medians of ${rounds} interleaved rounds. ${facts}`, ...absent, ...tables].join("\n\n");
}

/** Whom each of ours is compared with. */
const rivals: Readonly<Record<string, string>> = {
  "ours, gzip 6": "tar | pigz -6",
  "ours, zstd 3": "tar | zstd -3 -T2",
};

function tableOf({ world, contenders, failures }: Measured): string {
  const times = contenders.map(({ name, seconds, cpuSeconds, sizeBytes }) => {
    const { median, least, most } = spreadOf(seconds);
    const values = [median, least, most, spreadOf(cpuSeconds).median];
    const cells = values.map((value) => value.toFixed(2));
    return row([name, ...cells, (sizeBytes / 1e6).toFixed(1)]);
  });
  const ratios = contenders.flatMap((ours) => {
    const rival = contenders.find(({ name }) => name === rivals[ours.name]);
    if (rival === undefined) return [];
    const { median, least, most } = ratiosByRound(rival.seconds, ours.seconds);
    const values = [median, least, most, ratiosByRound(rival.cpuSeconds, ours.cpuSeconds).median];
    const cells = values.map((value) => value.toFixed(2));
    const size = ((ours.sizeBytes / rival.sizeBytes - 1) * 100).toFixed(2);
    return [row([`${ours.name} beside ${rival.name}`, ...cells, `${size} %`])];
  });
  return [
    `### ${world}`,
    "",
    row(["", "median s", "least", "most", "CPU s", "MB"]),
    "| --- | ---: | ---: | ---: | ---: | ---: |",
    ...times,
    "",
    row(["times as fast, within a round", "median", "least", "most", "by CPU", "size"]),
    "| --- | ---: | ---: | ---: | ---: | ---: |",
    ...ratios,
    ...failures.flatMap((failure) => ["", `Not measured here: ${failure}`]),
  ].join("\n");
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", String.raw`\|`)).join(" | ")} |`;
}
