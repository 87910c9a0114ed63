// What a game's start and stop go through while parts die.
import { testPoints } from "./points/point-tests.ts";

testPoints("sessions", { own: ["RabbitMQ"] });
