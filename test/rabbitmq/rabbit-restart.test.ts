// The bus on RabbitMQ when the broker is killed, stopped and started again.
import { expect, onTestFinished, test } from "vitest";
import { Handler, numbers, report } from "../conformance/bus.ts";
import { privateRabbitMq } from "../harness/private-rabbitmq.ts";
import { until } from "../harness/until.ts";
import { connectedBus } from "./open-test-bus.ts";

test("a broker that is stopped, or killed, and comes back finds everybody at work, and nothing is lost", async () => {
  const broker = await privateRabbitMq();
  onTestFinished(broker.remove);
  const bus = await connectedBus(broker.url);
  for (const number of numbers(1, 20)) expect(await bus.publish(report(number))).toBe("routed");
  await broker.stop();
  await broker.start();
  const seen = new Handler();
  await bus.consume({ queue: "reports" }, 1, seen.handle);
  await until(() => seen.ids.length >= 20, { what: "what was confirmed before" });
  expect(seen.ids).toEqual(numbers(1, 20).map((number) => `m-${number}`));

  const ending = new AbortController();
  let published = 20;
  const publishing = (async () => {
    while (!ending.signal.aborted) {
      published += 1;
      await until(async () => (await bus.publish(report(published))) === "routed", {
        what: `report ${published} is routed`,
        deadlineMs: 40_000,
      });
    }
  })();
  await seen.count(seen.ids.length + 50);
  await broker.kill();
  await broker.start();
  await seen.count(seen.ids.length + 50);
  ending.abort();
  await publishing;
  await until(() => new Set(seen.ids).size === published, { what: "every report" });
  await bus.check();
}, 120_000);
