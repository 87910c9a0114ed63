// What is away for longer than a lease: only the host manager itself loses its attempt by that.
import { testPoints } from "./points/point-tests.ts";

testPoints("leases", { own: ["PostgreSQL", "RabbitMQ"], leaseSeconds: 4 });
