// Makes the world that backups are measured on: node bench/worlds/make-world.ts DIR --files N --bytes N --seed N
import { parseArgs } from "node:util";
import { makeMixedWorld } from "../../test/worlds/mixed-world.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    files: { type: "string", default: "20000" },
    bytes: { type: "string", default: "400000000" },
    seed: { type: "string", default: "1" },
  },
});

const [dir, ...more] = positionals;
const [files, bytes, seed] = [Number(values.files), Number(values.bytes), Number(values.seed)];
const mistakes = [
  ...(dir === undefined || more.length > 0
    ? ["exactly one DIR is needed, which must not exist"]
    : []),
  ...(Number.isSafeInteger(files) && files >= 50
    ? []
    : ["--files must be a whole number from 50 up"]),
  ...(Number.isSafeInteger(bytes) && bytes >= 1e6
    ? []
    : ["--bytes must be a whole number from 1000000 up"]),
  ...(Number.isSafeInteger(seed) ? [] : ["--seed must be a whole number"]),
];
if (dir === undefined || mistakes.length > 0) {
  console.error(mistakes.join("\n"));
  process.exitCode = 2;
} else {
  makeMixedWorld(dir, { seed, files, bytes });
}
