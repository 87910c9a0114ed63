// A supervisor that gets as far as the gate and no further: the game's process is there, its pid is not recorded. Its argument is the launch
// as it is recorded; it says the pid.
import { spawnAtGate } from "@manman/host-manager/games/game-gate.ts";
import { SessionDirectory } from "@manman/host-manager/games/session-directory.ts";
import { decodeSpec } from "@manman/host-manager/games/session-records.ts";

const spec = decodeSpec("the launch", process.argv[2] ?? "");
const gated = await spawnAtGate(spec, { PATH: "/usr/bin:/bin" }, new SessionDirectory("."));
console.log(gated.identity.pid);
setInterval(() => undefined, 60_000);
