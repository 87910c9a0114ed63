// Changes what a manifest says and makes its digests right again, as only an attacker does who can write to the bucket.
import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import {
  decodeTrailer,
  encodeTrailer,
  trailerBytes,
} from "@manman/archive/manifest/manifest-trailer.ts";
import type { SeededRandom } from "../worlds/seeded-random.ts";

type Line = Record<string, unknown>;
type Index = { index: { stored: number[]; sha256: string }; [other: string]: unknown };

/** Takes a manifest apart, lets `change` loose on its lines (the index last), and puts it together with right digests. */
export function resealedManifest(manifest: Buffer, change: (lines: Line[]) => void): Buffer {
  const trailer = decodeTrailer(manifest.subarray(-trailerBytes));
  if (trailer === undefined) throw new Error("no manifest");
  const { indexOffset, indexBytes } = trailer;
  const index = parsed(manifest.subarray(indexOffset, indexOffset + indexBytes)) as Index;
  const lines: Line[] = [];
  let offset = 0;
  for (const stored of index.index.stored) {
    lines.push(parsed(manifest.subarray(offset, offset + stored)));
    offset += stored;
  }
  lines.push(index);
  change(lines);
  const blocks = lines.slice(0, -1).map((line) => sealed(line));
  if (typeof index.index === "object" && index.index !== null) {
    index.index.stored = blocks.map((block) => block.length);
    const digests = blocks.map((block) => createHash("sha256").update(block).digest());
    index.index.sha256 = Buffer.concat(digests).toString("base64").replace(/=+$/, "");
  }
  const storedIndex = sealed(index);
  const end = encodeTrailer({
    indexOffset: blocks.reduce((sum, block) => sum + block.length, 0),
    indexBytes: storedIndex.length,
    indexSha256: createHash("sha256").update(storedIndex).digest(),
  });
  return Buffer.concat([...blocks, storedIndex, end]);
}

/** Changes one to three values anywhere. */
export async function mutatedManifest(
  manifest: Buffer,
  random: SeededRandom,
  paths: readonly string[],
): Promise<Buffer> {
  return resealedManifest(manifest, (lines) => {
    const changes = random.between(1, 3);
    for (let change = 0; change < changes; change += 1) {
      mutate(lines[random.between(0, lines.length - 1)] as Line, random, paths);
    }
  });
}

/** Goes down to a value at random and puts another in its place. */
function mutate(value: object, random: SeededRandom, paths: readonly string[]): void {
  const keys = Object.keys(value);
  const key = keys[random.between(0, keys.length - 1)];
  if (key === undefined) return;
  const holder = value as Record<string, unknown>;
  const inner = holder[key];
  if (typeof inner === "object" && inner !== null && random.between(0, 9) > 0) {
    mutate(inner, random, paths);
  } else if (random.between(0, 14) === 0) {
    if (Array.isArray(value)) value.splice(Number(key), 1);
    else delete holder[key];
  } else {
    holder[key] = otherValue(inner, random, paths);
  }
}

function otherValue(value: unknown, random: SeededRandom, paths: readonly string[]): unknown {
  const number = typeof value === "number" ? value : 0;
  const values = [
    number + 1,
    number - 1,
    number * 2,
    0,
    -1,
    2 ** 31,
    Number.MAX_SAFE_INTEGER,
    1e300,
    0.5,
    null,
    true,
    [],
    {},
    { b64: Buffer.from("game/\xff../x", "latin1").toString("base64") },
    "fdlh",
    "\ud800",
    "game/a/",
    ...paths,
  ];
  return values[random.between(0, values.length - 1)];
}

function sealed(line: Line): Buffer {
  return gzipSync(`${JSON.stringify(line)}\n`, { level: 1 });
}

function parsed(stored: Buffer): Line {
  return JSON.parse(gunzipSync(stored).toString()) as Line;
}
