import { expect, test } from "vitest";
import { reportOf } from "./report.ts";

test("times, sizes, ratios within each round and missing peers are shown", () => {
  const contenders = [
    { name: "ours, gzip 6", seconds: [1, 2, 4], cpuSeconds: [2, 2, 2], sizeBytes: 102_000_000 },
    { name: "tar | pigz -6", seconds: [3, 4, 6], cpuSeconds: [5, 5, 5], sizeBytes: 100_000_000 },
  ];
  const failures = ["node-tar, gzip 6 ended with 1"];
  const missing = ["tar | zstd: it is not installed"];
  expect(reportOf([{ world: "mixed", contenders, failures }], missing, "Two cores.", 3)).toBe(
    [
      "Medians of 3 interleaved rounds. Two cores.",
      "",
      "Not measured: tar | zstd: it is not installed",
      "",
      "### mixed",
      "",
      "|  | median s | least | most | CPU s | MB |",
      "| --- | ---: | ---: | ---: | ---: | ---: |",
      "| ours, gzip 6 | 2.00 | 1.00 | 4.00 | 2.00 | 102.0 |",
      String.raw`| tar \| pigz -6 | 4.00 | 3.00 | 6.00 | 5.00 | 100.0 |`,
      "",
      "| times as fast, within a round | median | least | most | by CPU | size |",
      "| --- | ---: | ---: | ---: | ---: | ---: |",
      String.raw`| ours, gzip 6 beside tar \| pigz -6 | 2.00 | 1.50 | 3.00 | 2.50 | 2.00 % |`,
      "",
      "Not measured here: node-tar, gzip 6 ended with 1",
    ].join("\n"),
  );
});
