// A host manager in a process of its own, to be killed by a test: starts one game, or stops it within
// a second, and stays. Its arguments are the directory of the sessions, the launch as it is recorded, the environment of games, the order.
import { decodeSpec } from "@manman/host-manager/games/session-records.ts";
import { ProcessRunner } from "@manman/host-manager/games/process-runner.ts";

const [, , sessionsDirectory = "", launch = "", environment = "{}", order = "start"] = process.argv;
const runner = new ProcessRunner({
  sessionsDirectory,
  environment: JSON.parse(environment) as Record<string, string>,
  nowMs: Date.now,
  onFault: (fault) => console.error(fault),
});
const spec = decodeSpec("the launch", launch);
if (order === "start") await runner.start(spec);
if (order === "stop") await runner.stop(spec.sessionId, { graceSeconds: 1 });
setInterval(() => undefined, 60_000);
