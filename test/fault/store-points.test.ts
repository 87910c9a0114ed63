// The S3 gateway is killed, restarted and frozen, and the ways to it are taken away.
import { testPoints } from "./points/point-tests.ts";

testPoints("store", { own: ["S3"] });
