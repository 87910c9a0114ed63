// The ways from the control plane to its database and broker are cut and fall silent, at every moment.
import { testPoints } from "./points/point-tests.ts";

testPoints("control-plane-network", { own: [] });
