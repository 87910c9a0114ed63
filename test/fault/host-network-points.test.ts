// The ways of callers and of the host manager are cut and fall silent, at every moment.
import { testPoints } from "./points/point-tests.ts";

testPoints("host-network", { own: [] });
