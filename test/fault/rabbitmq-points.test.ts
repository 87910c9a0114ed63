// RabbitMQ is killed, restarted and frozen, at every moment.
import { testPoints } from "./points/point-tests.ts";

testPoints("rabbitmq", { own: ["RabbitMQ"] });
