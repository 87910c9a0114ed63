// Says what it hears of signals and stays for ever, as a process does whose end hangs.
import { aborted, firstSignal } from "@manman/adapters/platform/first-signal.ts";

const signal = firstSignal((name) => console.log(`first: ${name}`));
setInterval(() => undefined, 1_000);
console.log("ready");
await aborted(signal);
console.log(`reason: ${(signal.reason as Error).message}`);
await aborted(signal);
console.log("still there");
