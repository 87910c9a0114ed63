// The ways between the stations are cut and fall silent, at every moment.
import { testPoints } from "./points/point-tests.ts";

testPoints("network", { own: [] });
