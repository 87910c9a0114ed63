// The control plane is killed, restarted and frozen, at every moment.
import { testPoints } from "./points/point-tests.ts";

testPoints("control-plane", { own: [] });
