// The host manager and its packers are killed, restarted and frozen, at every moment.
import { testPoints } from "./points/point-tests.ts";

testPoints("host-manager", { own: [] });
