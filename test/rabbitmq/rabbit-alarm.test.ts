// The bus on RabbitMQ while the broker, short of disk, takes no messages.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { libraryPathFor } from "../../scripts/services/debian-packages.ts";
import {
  placeForRabbitMq,
  rabbitMqUrl,
  startRabbitMq,
  type RabbitMqPlace,
} from "../../scripts/services/rabbitmq.ts";
import { addProcess, beginRecord, endRecord } from "../../scripts/services/server-record.ts";
import { Handler, report } from "../conformance/bus.ts";
import { until } from "../harness/until.ts";
import { connectedBus, passes } from "./open-test-bus.ts";

const away = { name: "Fault", kind: "away" };

async function ownBroker(): Promise<RabbitMqPlace> {
  const record = await beginRecord(false);
  onTestFinished(async () => await endRecord(record));
  const place = await placeForRabbitMq(join(record.dir, "rabbitmq"), false);
  await startRabbitMq(place, (process) => addProcess(record, process));
  return place;
}

/** Tells the broker how much of its disk must be free. */
async function setDiskLimit(place: RabbitMqPlace, limit: string): Promise<void> {
  const control = join(place.root, "/usr/lib/rabbitmq/bin/rabbitmqctl");
  const path = process.env["PATH"] ?? "/usr/bin:/bin";
  await promisify(execFile)(control, ["set_disk_free_limit", limit], {
    env: {
      ...libraryPathFor(place.root),
      PATH: place.root === "" ? path : `${join(place.root, "usr/bin")}:${path}`,
      HOME: place.dir,
      LANG: "C.UTF-8",
      RABBITMQ_NODENAME: `manman-${place.amqpPort}@localhost`,
      ERL_EPMD_PORT: String(place.portMapperPort),
    },
  });
}

test("while the broker takes nothing, messages are refused at once, the rest goes on, and it passes by itself", async () => {
  const place = await ownBroker();
  const url = rabbitMqUrl(place);
  const bus = await connectedBus(url, { publishMs: 1_000 });
  const seen = new Handler();
  await bus.consume({ queue: "reports" }, 1, seen.handle);
  expect(await bus.publish(report(1))).toBe("routed");

  await setDiskLimit(place, "1000000GB");
  // The broker says so only to who publishes, and keeps that message until it takes messages again.
  await expect(bus.publish(report(2))).rejects.toMatchObject(away);
  await expect(bus.check()).rejects.toMatchObject(away);
  const beganAt = performance.now();
  await expect(bus.publish(report(3))).rejects.toThrow("the broker is blocked: low on disk");
  expect(performance.now() - beganAt).toBeLessThan(500);
  await bus.declareHostQueue(7n);
  expect(await bus.reportsWaiting()).toBe(0);

  await setDiskLimit(place, "50MB");
  await until(async () => await passes(bus.check()), { what: "the check passes again" });
  expect(await bus.publish(report(4))).toBe("routed");
  await seen.count(3);
  expect(seen.ids).toEqual(["m-1", "m-2", "m-4"]);
}, 60_000);
