// `npm run simulate`: runs seeds, and says of each that breaks a promise which one, how it came to that, and how to see it again.
import { parseArgs } from "node:util";
import { runSeed } from "./run-seed.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "100" },
    from: { type: "string", default: "1" },
    trace: { type: "boolean", default: false },
  },
});
const count = Number(values.seeds);
const from = Number(values.from);
const beganMs = performance.now();
let failed = 0;
let events = 0;
let virtualMs = 0;
const outcomes: Record<string, number> = {};
for (let seed = from; seed < from + count; seed += 1) {
  const result = await runSeed(seed, { keepTrace: values.trace });
  events += result.events;
  virtualMs += result.virtualMs;
  for (const [status, n] of Object.entries(result.backups)) outcomes[status] = (outcomes[status] ?? 0) + n;
  if (values.trace) console.log(result.trace.join("\n"));
  if (result.broken.length === 0) continue;
  failed += 1;
  console.log(`seed ${seed}: ${result.broken[0]}`);
}
const seconds = (performance.now() - beganMs) / 1_000;
console.log(`${count} seeds, ${failed} failed, ${events} events, ${(virtualMs / 3_600_000).toFixed(1)} h, ${seconds.toFixed(1)} s, ${JSON.stringify(outcomes)}`);
process.exitCode = failed > 0 ? 1 : 0;
