// Tar streams with right checksums and wrong intentions.
import type { SeededRandom } from "../worlds/seeded-random.ts";

/** Paths that lead out, or that readers stumble over. */
export const hostilePaths: readonly string[] = [
  "../outside/precious",
  "game/../../outside/precious",
  "/tmp/manman-hostile",
  "//tmp/manman-hostile",
  "game/to-outside/precious",
  "game/to-a/../../outside/precious",
  "game/a",
  "game/a/b/one/below-a-file",
  "game//a",
  "game/./a",
  "game/..",
  "..",
  ".",
  "",
  "/",
  "game/\0hidden",
  `game/${"n".repeat(256)}`,
  `game/${"d/".repeat(3000)}end`,
  "other-root/file",
  "game/a/two",
  "GAME/A/TWO",
];

export type TarFields = {
  readonly path: string;
  readonly typeFlag: string;
  readonly size?: string;
  readonly target?: string;
  readonly mode?: string;
  readonly data?: Buffer;
};

const blockBytes = 512;
const typeFlags = [
  "0",
  "0",
  "0",
  "1",
  "2",
  "2",
  "3",
  "4",
  "5",
  "5",
  "6",
  "7",
  "x",
  "g",
  "L",
  "K",
  "S",
  "D",
  "Z",
  "\0",
];
const sizes = ["00000000000", "00000000010", "77777777777", "-0000000001", "garbage", ""];

/** A stream of a few entries, drawn from everything that is odd. */
export function hostileTar(random: SeededRandom): Buffer {
  const blocks: Buffer[] = [];
  const entries = random.between(1, 8);
  for (let at = 0; at < entries; at += 1) blocks.push(...hostileEntry(random));
  const end = Buffer.alloc(random.between(0, 3) * blockBytes);
  return Buffer.concat([...blocks, end]);
}

function hostileEntry(random: SeededRandom): Buffer[] {
  const path = pick(random, [
    "game/",
    "game/a/",
    "game/a/b",
    "game/link",
    "game/link/x",
    ...hostilePaths,
  ]);
  const target = pick(random, [
    "",
    "..",
    "/etc",
    "../../outside",
    "a",
    "game/a/b",
    "link",
    ...hostilePaths,
  ]);
  const data = random.bytes(random.between(0, 2000));
  const honest = random.between(0, 4) > 0;
  const fields = { path, typeFlag: pick(random, typeFlags), target, data };
  const size = honest ? undefined : pick(random, sizes);
  const blocks = [tarBlocks(size === undefined ? fields : { ...fields, size })];
  if (random.between(0, 2) === 0) blocks.unshift(paxBlocks({ path: pick(random, hostilePaths) }));
  if (random.between(0, 9) === 0)
    blocks.unshift(paxBlocks({ size: pick(random, ["0", "1", "99999999999999999", "-1"]) }));
  if (random.between(0, 9) === 0)
    blocks.unshift(paxBlocks({ linkpath: pick(random, hostilePaths) }));
  return blocks;
}

/** A pax extended header with these records. */
export function paxBlocks(records: Readonly<Record<string, string>>): Buffer {
  const data = Object.entries(records).map(([key, value]) => {
    const rest = Buffer.byteLength(` ${key}=${value}\n`);
    let length = rest + 1;
    while (length !== rest + String(length).length) length = rest + String(length).length;
    return `${length} ${key}=${value}\n`;
  });
  return tarBlocks({ path: "PaxHeader", typeFlag: "x", data: Buffer.from(data.join("")) });
}

/** One header with a right checksum, and its data. What has no room is cut. */
export function tarBlocks({
  path,
  typeFlag,
  size,
  target = "",
  mode = "0000644",
  data,
}: TarFields): Buffer {
  const content = data ?? Buffer.alloc(0);
  const carries = ["0", "7", "\0", "x", "g", "L", "K"].includes(typeFlag);
  const block = Buffer.alloc(blockBytes);
  block.write(path, 0, 100, "latin1");
  block.write(mode, 100, 7, "latin1");
  block.write("0000000", 108, "latin1");
  block.write("0000000", 116, "latin1");
  const own = (carries ? content.length : 0).toString(8).padStart(11, "0");
  block.write(size ?? own, 124, 11, "latin1");
  block.write("14371573200", 136, "latin1");
  block.write("        ", 148, "latin1");
  block.write(typeFlag, 156, 1, "latin1");
  block.write(target, 157, 100, "latin1");
  block.write("ustar\u000000", 257, "latin1");
  const sum = block.reduce((all, byte) => all + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  if (!carries) return block;
  const padding = Buffer.alloc((blockBytes - (content.length % blockBytes)) % blockBytes);
  return Buffer.concat([block, content, padding]);
}

function pick<T>(random: SeededRandom, all: readonly T[]): T {
  return all[random.between(0, all.length - 1)] as T;
}
