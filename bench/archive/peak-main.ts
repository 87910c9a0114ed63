// Packs a directory into nothing and prints the peak of this process' resident memory: peak-main.ts CODEC WORKERS DIR
import { readFileSync } from "node:fs";
import type { Compression } from "@manman/archive/codec/codec.ts";
import { packArchive } from "@manman/archive/pack/pack-archive.ts";

const [codec, workers, rootPath = ""] = process.argv.slice(2);
const levels = { gzip: 6, zstd: 3 };
const compression: Compression =
  codec === "gzip" || codec === "zstd" ? { codec, level: levels[codec] } : { codec: "none" };
const archive = packArchive({
  rootPath,
  rootName: "game",
  compression,
  workers: Number(workers),
  emptyRoot: "refuse",
  signal: new AbortController().signal,
});
let storedBytes = 0;
for await (const bytes of archive.bytes) storedBytes += bytes.length;
const { rawBytes } = archive.summary();
const kib = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
const peakMb = ((Number(kib) * 1024) / 1e6).toFixed(1);
console.log(
  `${codec}, ${workers} workers: peak ${peakMb} MB; ` +
    `${(rawBytes / 1e6).toFixed(0)} MB became ${(storedBytes / 1e6).toFixed(0)} MB`,
);
