// What the figures were measured on, without which they mean nothing.
import { arch, availableParallelism, cpus, loadavg, release, type as systemName } from "node:os";

/** One line. The load says whether others were at work meanwhile. */
export function hostFacts(): string {
  const cpu = cpus()[0]?.model.trim() ?? arch();
  const load = loadavg().map((each) => each.toFixed(1));
  return (
    `${new Date().toISOString().slice(0, 10)}; ${cpu}, ${availableParallelism()} cores; ` +
    `${systemName()} ${release()}; Node ${process.version}; load over 1, 5 and 15 minutes at the end: ${load.join(", ")}.`
  );
}
