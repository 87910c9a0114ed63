// The bus on RabbitMQ when the network between them breaks or falls silent.
import { expect, onTestFinished, test } from "vitest";
import type { Bus, DeliveryVerdict } from "@manman/core/ports.ts";
import { command, Handler, numbers, report } from "../conformance/bus.ts";
import { TcpProxy } from "../harness/tcp-proxy.ts";
import { until } from "../harness/until.ts";
import { brokerAddress, connectedBus, openTestBus, passes } from "./open-test-bus.ts";

const away = { name: "Fault", kind: "away" };
const host = { queue: "host", serverId: 7n } as const;

/** A bus behind a proxy, and another straight to the broker. */
async function proxied(changes: Parameters<typeof connectedBus>[1] = {}) {
  const url = await brokerAddress();
  const proxy = await TcpProxy.to(url);
  onTestFinished(async () => await proxy.close());
  const bus = await connectedBus(proxy.through(url), changes);
  return { bus, proxy, direct: await connectedBus(url), url };
}

/** Publishes until the bus has it, as an outbox does. */
async function publishSurely(bus: Bus, number: number): Promise<void> {
  await until(async () => (await bus.publish(report(number))) === "routed", {
    what: `report ${number} is routed`,
    deadlineMs: 30_000,
  });
}

test("a connection that is cut is mended: publishing and consuming go on, and listeners hear of it", async () => {
  const { bus, direct, proxy } = await proxied();
  const heard: boolean[] = [];
  bus.onConnectionChange((connected) => heard.push(connected));
  const seen = new Handler();
  await bus.consume(host, 1, seen.handle);
  await direct.publish(command(1));
  await seen.count(1);

  await proxy.cut();
  await until(() => heard.at(-1) === false, { what: "the loss is heard of" });
  await expect(bus.check()).rejects.toMatchObject(away);
  expect(await direct.publish(command(2))).toBe("routed");
  await proxy.heal();
  await until(() => heard.at(-1) === true, { what: "the return is heard of" });
  await seen.has("m-2");
  expect(await bus.publish(command(3))).toBe("routed");
  await seen.has("m-3");
  // The first one comes again where its acknowledgement was lost in the cut.
  expect([...new Set(seen.ids)]).toEqual(["m-1", "m-2", "m-3"]);
  expect(heard).toEqual([true, false, true]);
});

test("while the broker is away a message is refused in a short time", async () => {
  const { bus, proxy } = await proxied({ absenceMs: 300 });
  await proxy.cut();
  const beganAt = performance.now();
  await expect(bus.publish(report(1))).rejects.toMatchObject(away);
  await expect(bus.declareHostQueue(7n)).rejects.toMatchObject(away);
  await expect(bus.reportsWaiting()).rejects.toMatchObject(away);
  expect(performance.now() - beganAt).toBeLessThan(2_500);
});

test("a confirmation that never comes is away in bounded time, and the bus goes on afterwards", async () => {
  const { bus, proxy } = await proxied({ publishMs: 300, answerMs: 300 });
  proxy.stall();
  const beganAt = performance.now();
  await expect(bus.publish(report(1))).rejects.toMatchObject(away);
  await expect(bus.check()).rejects.toMatchObject(away);
  await expect(bus.declareHostQueue(7n)).rejects.toMatchObject(away);
  expect(performance.now() - beganAt).toBeLessThan(3_000);
  await proxy.heal();
  await until(async () => await passes(bus.check()), { what: "the bus is connected" });
  expect(await bus.publish(report(2))).toBe("routed");
});

test("a silence is noticed by missing heartbeats, and another connection made", async () => {
  const { bus, proxy } = await proxied({ heartbeatSeconds: 1, closeMs: 100 });
  const heard: boolean[] = [];
  bus.onConnectionChange((connected) => heard.push(connected));
  const seen = new Handler();
  await bus.consume(host, 1, seen.handle);
  proxy.stall();
  await until(() => heard.at(-1) === false, { what: "the silence is noticed" });
  await proxy.heal();
  await until(() => heard.at(-1) === true, { what: "another connection" });
  await until(async () => await passes(bus.check()), { what: "consuming goes on" });
  await bus.publish(command(1));
  await seen.count(1);
  expect(seen.ids).toEqual(["m-1"]);
});

test("a broker that takes connections and says nothing is given up on, and tried again", async () => {
  const url = await brokerAddress();
  const proxy = await TcpProxy.to(url);
  onTestFinished(async () => await proxy.close());
  proxy.stall();
  const bus = openTestBus(proxy.through(url), { connectMs: 300, absenceMs: 100, closeMs: 100 });
  onTestFinished(async () => await bus.close());
  await expect(bus.publish(report(1))).rejects.toMatchObject(away);
  await until(() => proxy.connections > 2, { what: "another try" });
  await proxy.heal();
  await publishSurely(bus, 1);
  expect(await bus.reportsWaiting()).toBe(1);
});

test("consuming begins once the broker is there", async () => {
  const url = await brokerAddress();
  const proxy = await TcpProxy.to(url);
  onTestFinished(async () => await proxy.close());
  await proxy.cut();
  const bus = openTestBus(proxy.through(url), { absenceMs: 100 });
  onTestFinished(async () => await bus.close());
  const seen = new Handler();
  const beginning = bus.consume({ queue: "reports" }, 1, seen.handle);
  await expect(bus.check()).rejects.toMatchObject(away);
  await proxy.heal();
  await beginning;
  await publishSurely(bus, 1);
  await seen.count(1);
  expect(seen.ids).toEqual(["m-1"]);
});

test("a bus that waits for its broker can be closed", async () => {
  const url = await brokerAddress();
  const proxy = await TcpProxy.to(url);
  onTestFinished(async () => await proxy.close());
  await proxy.cut();
  const bus = openTestBus(proxy.through(url));
  const beginning = bus.consume({ queue: "reports" }, 1, async () => ({ kind: "done" }));
  const outcomes = await Promise.allSettled([beginning, bus.close()]);
  expect(outcomes).toMatchObject([{ status: "rejected", reason: away }, { status: "fulfilled" }]);
});

test("closing ends in bounded time though the broker is silent", async () => {
  const { bus, proxy } = await proxied({ closeMs: 200, answerMs: 200, publishMs: 300 });
  await bus.consume(host, 1, new Handler().handle);
  const publishing = bus.publish(report(1));
  const outcome = publishing.then(
    () => "routed",
    () => "away",
  );
  proxy.stall();
  const beganAt = performance.now();
  await bus.close();
  expect(performance.now() - beganAt).toBeLessThan(3_000);
  expect(["routed", "away"]).toContain(await outcome);
});

test("a message whose connection is lost under its handler is not handled twice at a time", async () => {
  const { bus, direct, proxy } = await proxied();
  const seen = new Handler();
  const release = seen.hold();
  await bus.consume(host, 1, async (delivery): Promise<DeliveryVerdict> => {
    return await seen.handle(delivery);
  });
  await direct.publish(command(1));
  await seen.count(1);
  await proxy.cut();
  await proxy.heal();
  // The connection is there again, and only the handler at work keeps the message from being asked for again.
  await until(async () => (await bus.publish(report(1))) === "routed", { what: "a route" });
  release();
  await seen.count(2);
  expect(seen.ids).toEqual(["m-1", "m-1"]);
  expect(seen.atOnceMax).toBe(1);
});

test("nothing that was routed is lost over many cuts", async () => {
  const { bus, proxy } = await proxied();
  const seen = new Handler();
  await bus.consume({ queue: "reports" }, 5, seen.handle);
  const publishing = (async () => {
    for (const number of numbers(1, 200)) await publishSurely(bus, number);
  })();
  for (let cuts = 0; cuts < 5; cuts += 1) {
    await seen.count(20 + 30 * cuts);
    await proxy.cut();
    await proxy.heal();
  }
  await publishing;
  const expected = new Set(numbers(1, 200).map((number) => `m-${number}`));
  await until(() => new Set(seen.ids).size === 200, { what: "all reports" });
  expect(new Set(seen.ids)).toEqual(expected);
});
