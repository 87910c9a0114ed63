// Packs a directory into a file with our engine: pack-main.ts CODEC [LEVEL] DIR OUT
import { closeSync, openSync, writeSync } from "node:fs";
import type { Compression } from "@manman/archive/codec/codec.ts";
import { packArchive } from "@manman/archive/pack/pack-archive.ts";

const [codec, ...rest] = process.argv.slice(2);
const [out = "", rootPath = "", level] = rest.toReversed();
const compression: Compression =
  codec === "gzip" || codec === "zstd" ? { codec, level: Number(level) } : { codec: "none" };
const { signal } = new AbortController();
const archive = packArchive({
  rootPath,
  rootName: "game",
  compression,
  emptyRoot: "refuse",
  signal,
});
const fd = openSync(out, "w");
for await (const bytes of archive.bytes) writeSync(fd, bytes);
closeSync(fd);
